#pragma once
// A run's settings as XMP (ISO 16684-1), the metadata that AVIF and WebP files hold.

#include <string>
#include <string_view>

namespace reverie::io {

/// A packet with one property, `settings` of the namespace urn:reverie, whose text are the settings as JSON;
/// empty for empty settings.
inline std::string xmp_of(std::string_view settings) {
  if (settings.empty()) return {};
  std::string escaped;
  for (const char c : settings)
    escaped += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  return "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
         "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
         "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
         "<rdf:Description rdf:about=\"\" xmlns:reverie=\"urn:reverie\"><reverie:settings>" +
         escaped + "</reverie:settings></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>";
}

}  // namespace reverie::io

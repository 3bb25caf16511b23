#pragma once
// LeavesOutFrames: an animation mode that gets to know which of its frames are optimised (the setting
// `cadence`).
//
// A mode that moves the picture along does not need it: a frame that is not optimised is the moved picture.
// One that starts frames from something else, such as a film, has to move the picture along instead. The host
// refuses `cadence` for a mode with a film that does not have this.

#include "reverie/extension.h"

namespace reverie {

/// Of an AnimationMode.
class REVERIE_PUBLIC LeavesOutFrames {
 public:
  static constexpr const char* kId = "reverie.leaves_out_frames/1";
  virtual ~LeavesOutFrames() = default;

  /// [frame] Before each advance(), where frames are left out: whether its frame is to be optimised.
  virtual void will_be_optimised(bool optimised) = 0;

  /// [frame] After advance(): whether the frame shows nothing of the one before, as behind a cut. Then it is
  /// optimised in any case.
  virtual bool begins_again() const = 0;
};

}  // namespace reverie

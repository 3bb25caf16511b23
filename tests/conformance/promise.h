#pragma once
// What each test of the suite is about, for those who have never seen its source.

namespace reverie::test {

/// Says at the beginning of a test which method of the interface it tries ("decode()"), and what the header
/// promises of it.
void promise(const char* method, const char* words);

}  // namespace reverie::test

// SPDX-License-Identifier: Apache-2.0
// Loads a library in a child process and asks for its version: a broken one costs a sentence.
#pragma once

#include <string>

namespace reprotrain::engine {

struct LibraryVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;

  std::string text() const;  ///< "13.1.0"
};

/// How a library tells its version.
enum class VersionFunction {
  kProperty,     ///< status f(int which, int* value): major, minor, patch
  kCudaVersion,  ///< status f(int* value): 13010 for 13.1
};

struct LibraryQuestion {
  std::string file;      ///< a path, or a name for the loader to find
  const char* function;  ///< that tells the version
  VersionFunction kind;
  int patience_ms;
};

struct LibraryAnswer {
  std::string path;  ///< the file that was loaded; empty where none was
  LibraryVersion version;
  bool is_there = true;  ///< false: the loader has no file of that name
  std::string reason;    ///< why it is not usable, after "it ..."; empty where it is
};

LibraryAnswer ask_library(const LibraryQuestion& question);

}  // namespace reprotrain::engine

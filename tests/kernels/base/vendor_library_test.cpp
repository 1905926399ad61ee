// SPDX-License-Identifier: Apache-2.0
#include "kernels/base/vendor_library.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace reprotrain::kernels {
namespace {

std::string refusal(const char* stem, int major) {
  try {
    open_vendor_library(stem, major);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

/// The test's own finder, until the end of its scope.
class FinderScope {
 public:
  explicit FinderScope(LibraryFinder finder) { set_library_finder(finder); }
  ~FinderScope() { set_library_finder(nullptr); }
  FinderScope(const FinderScope&) = delete;
  FinderScope& operator=(const FinderScope&) = delete;
};

TEST(VendorLibrary, WithoutAFinderTheLoaderSearches) {
  EXPECT_NE(dlsym(open_vendor_library("libc", 6), "getpid"), nullptr);
  const std::string sentence = refusal("libnowhere", 7);
  EXPECT_EQ(sentence.rfind("libnowhere.so.7 cannot be loaded: ", 0), 0u) << sentence;
}

TEST(VendorLibrary, TheFinderSaysWhere) {
  // The fake has the C library under another name, which the loader could not know.
  const FinderScope scope([](const char* stem, int major) {
    const bool is_asked = std::string(stem) == "libfake" && major == 13;
    return LibraryPlace{is_asked ? "libc.so.6" : "", ""};
  });
  EXPECT_NE(dlsym(open_vendor_library("libfake", 13), "getpid"), nullptr);
}

TEST(VendorLibrary, TheFindersReasonReachesTheUser) {
  const FinderScope scope([](const char*, int) {
    return LibraryPlace{"", "no libfake.so.13 in the places that are searched"};
  });
  EXPECT_EQ(refusal("libfake", 13),
            "libfake.so.13 cannot be loaded: no libfake.so.13 in the places that are searched; add "
            "its folder to LD_LIBRARY_PATH, or use the kernel without it");
}

}  // namespace
}  // namespace reprotrain::kernels

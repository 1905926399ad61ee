// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_stream.h"

#include <gtest/gtest.h>
#include <hdf5.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "engine/data/content_id.h"
#include "engine/data/hdf5_wire.h"
#include "include/reprotrain/error.h"
#include "tests/engine/data/foreign_hdf5.h"
#include "tests/support/error_text.h"
#include "tests/support/temporary_directory.h"

namespace reprotrain::engine {
namespace {

using testing::error_of;
using testing::ForeignFile;
using testing::TemporaryDirectory;

/// Swallows events.
class Ignore final : public Hdf5Visitor {
 public:
  void begin_group(std::string_view) override {}
  void end_group() override {}
  void begin_dataset(std::string_view, const Hdf5Header&) override {}
  void end_dataset() override {}
  void begin_attribute(std::string_view, const Hdf5Header&) override {}
  void end_attribute() override {}
  void data(std::span<const std::byte>) override {}
};

class Hdf5Stream : public ::testing::Test {
 protected:
  /// The sentence for the file that `fill` makes.
  template <typename Fill>
  std::string sentence_for(const Fill& fill, const Hdf5Limits& limits = {}) {
    { fill(ForeignFile(path_, {}).id()); }
    return sentence(limits);
  }
  std::string sentence(const Hdf5Limits& limits = {}) {
    Ignore ignore;
    return error_of([&] { visit_hdf5(path_, limits, ignore); });
  }
  /// The sentence for a parser with this fault.
  std::string sentence_for_parser(const Hdf5ChildParser& parser, Hdf5Limits limits = {}) {
    directory_.write("f.h5", "x");
    Ignore ignore;
    return error_of([&] { visit_hdf5_with(parser, path_, limits, ignore); });
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.file("f.h5");
};

hid_t make_dataset(hid_t file, const char* name, hid_t type, std::vector<hsize_t> shape,
                   hid_t creation = H5P_DEFAULT) {
  const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  const hid_t data = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  H5Sclose(space);
  return data;
}

TEST_F(Hdf5Stream, MissingEmptyAndForeignFilesAreOneSentence) {
  EXPECT_EQ(sentence(), path_ +
                            ": cannot open: No such file or directory; check the path and its "
                            "permissions");
  directory_.write("f.h5", "");
  EXPECT_EQ(sentence(), path_ + ": is empty; name an HDF5 file");
  directory_.write("f.h5", "this is not HDF5");
  EXPECT_EQ(sentence(), path_ + ": is not an HDF5 file; check the path, or convert it first");
  path_ = directory_.file("");
  EXPECT_EQ(sentence(), path_ + ": is not a regular file; name an HDF5 file");
}

TEST_F(Hdf5Stream, TruncatedFileIsOneSentence) {
  { ForeignFile(path_, {}).fill(); }
  ASSERT_EQ(::truncate(path_.c_str(), 1500), 0);
  EXPECT_EQ(sentence(), path_ +
                            ": cannot be opened: the HDF5 file is damaged, cut short or was "
                            "never closed; get a new copy");
}

TEST_F(Hdf5Stream, TypesOutsideTheClosedSetAreRefusedByName) {
  const auto refusal = [&](hid_t type) {
    return sentence_for([&](hid_t file) { H5Dclose(make_dataset(file, "d", type, {2})); });
  };
  const auto expected = [&](const std::string& type) {
    return path_ + ": dataset /d has the unsupported type " + type +
           "; store integers, floats, strings, enums or compounds of these";
  };
  EXPECT_EQ(refusal(H5T_STD_REF_OBJ), expected("reference"));
  EXPECT_EQ(refusal(H5T_STD_B8LE), expected("bitfield"));
  const hid_t opaque = H5Tcreate(H5T_OPAQUE, 3);
  EXPECT_EQ(refusal(opaque), expected("opaque"));
  const hid_t sequence = H5Tvlen_create(H5T_STD_I32LE);
  EXPECT_EQ(refusal(sequence), expected("variable-length sequence"));
  const hsize_t three = 3;
  const hid_t array = H5Tarray_create2(H5T_STD_I32LE, 1, &three);
  EXPECT_EQ(refusal(array), expected("array"));
  EXPECT_EQ(refusal(H5T_NATIVE_LDOUBLE),
            expected("float other than IEEE binary16, binary32 and binary64"));
  const hid_t narrow = H5Tcopy(H5T_STD_I32LE);
  H5Tset_precision(narrow, 17);
  EXPECT_EQ(refusal(narrow), expected("integer of an uncommon width"));
}

TEST_F(Hdf5Stream, LinksThatAreNotHardAreRefusedByName) {
  const auto expected = [&](const std::string& kind) {
    return path_ + ": link /l is " + kind + ", which is not followed; copy its object in its place";
  };
  EXPECT_EQ(sentence_for([](hid_t f) { H5Lcreate_soft("/x", f, "l", H5P_DEFAULT, H5P_DEFAULT); }),
            expected("a soft link"));
  EXPECT_EQ(sentence_for([](hid_t f) {
              H5Lcreate_external("other.h5", "/x", f, "l", H5P_DEFAULT, H5P_DEFAULT);
            }),
            expected("an external link"));
}

TEST_F(Hdf5Stream, GroupInsideItselfIsRefused) {
  EXPECT_EQ(sentence_for([](hid_t f) {
              H5Gclose(H5Gcreate2(f, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
              H5Lcreate_hard(f, "/", f, "g/root", H5P_DEFAULT, H5P_DEFAULT);
            }),
            path_ + ": group /g/root contains itself by a hard link; remove the link");
}

TEST_F(Hdf5Stream, ExternalAndVirtualStorageIsRefused) {
  const std::string elsewhere = directory_.write("raw.bin", std::string(64, 'x'));
  EXPECT_EQ(sentence_for([&](hid_t f) {
              const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
              H5Pset_external(list, elsewhere.c_str(), 0, 64);
              H5Dclose(make_dataset(f, "d", H5T_STD_I32LE, {16}, list));
              H5Pclose(list);
            }),
            path_ +
                ": dataset /d keeps its data in external files; copy it into one file with "
                "h5repack");
  EXPECT_EQ(sentence_for([&](hid_t f) {
              const hsize_t n = 16;
              const hid_t space = H5Screate_simple(1, &n, nullptr);
              const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
              H5Pset_virtual(list, space, "other.h5", "/d", space);
              H5Dclose(make_dataset(f, "d", H5T_STD_I32LE, {16}, list));
              H5Pclose(list);
              H5Sclose(space);
            }),
            path_ + ": dataset /d is a virtual dataset; copy it into one file with h5repack");
}

size_t pass_through(unsigned, size_t, const unsigned*, size_t n_bytes, size_t*, void**) {
  return n_bytes;
}

TEST_F(Hdf5Stream, UnknownFilterIsRefusedByNumberAndName) {
  const H5Z_class2_t filter = {H5Z_CLASS_T_VERS, 32015,   1,       1,
                               "zstandard",      nullptr, nullptr, pass_through};
  ASSERT_GE(H5Zregister(&filter), 0);
  EXPECT_EQ(sentence_for([](hid_t f) {
              const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
              const hsize_t chunk = 8;
              H5Pset_chunk(list, 1, &chunk);
              H5Pset_filter(list, 32015, H5Z_FLAG_OPTIONAL, 0, nullptr);
              H5Dclose(make_dataset(f, "d", H5T_STD_I32LE, {16}, list));
              H5Pclose(list);
            }),
            path_ +
                ": dataset /d uses the filter 32015 (zstandard), which is not supported; rewrite "
                "the file with h5repack -f GZIP=4");
  H5Zunregister(32015);
}

TEST_F(Hdf5Stream, AbsurdSizesAreRefusedBeforeAnythingIsAllocated) {
  const std::string sentence = sentence_for([](hid_t f) {
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk[] = {1, 64};
    H5Pset_chunk(list, 2, chunk);
    H5Dclose(make_dataset(f, "d", H5T_IEEE_F64LE, {hsize_t{1} << 40, hsize_t{1} << 20}, list));
    H5Pclose(list);
  });
  EXPECT_EQ(sentence, path_ +
                          ": dataset /d decodes to more than the 17592186044416 bytes that are "
                          "allowed; split the file, or check that its shape is meant");
  EXPECT_TRUE(sentence_for([](hid_t f) {
                const hid_t wide = H5Tcreate(H5T_COMPOUND, size_t{1} << 30);
                H5Tinsert(wide, "x", 0, H5T_STD_I32LE);
                H5Dclose(make_dataset(f, "d", wide, {1}));
                H5Tclose(wide);
              }).find("has elements of 1073741824 bytes") != std::string::npos);
}

TEST_F(Hdf5Stream, TooManyObjectsAndTooDeepGroupsAreRefused) {
  Hdf5Limits limits;
  limits.n_objects = 10;
  limits.depth = 5;
  const auto nest = [](hid_t f) {
    std::string path;
    for (int i = 0; i < 8; ++i) {
      path += "/g";
      H5Gclose(H5Gcreate2(f, path.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    }
  };
  EXPECT_NE(sentence_for(nest, limits).find("nested more than 5 deep"), std::string::npos);
  const auto many = [](hid_t f) {
    for (int i = 0; i < 20; ++i) {
      H5Dclose(make_dataset(f, std::to_string(i).c_str(), H5T_STD_I8LE, {1}));
    }
  };
  EXPECT_NE(sentence_for(many, limits).find("more than 10 groups"), std::string::npos);
}

TEST_F(Hdf5Stream, TextThatIsNotUtf8IsRefused) {
  EXPECT_EQ(sentence_for([](hid_t f) {
              const hid_t type = H5Tcopy(H5T_C_S1);
              H5Tset_size(type, 2);
              const hid_t data = make_dataset(f, "d", type, {1});
              H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, "\xe4");
              H5Dclose(data);
              H5Tclose(type);
            }),
            path_ + ": dataset /d holds text that is not UTF-8; convert it to UTF-8 first");
}

TEST_F(Hdf5Stream, CrashOfTheParserIsOneSentence) {
  const std::string crashed = ": the process that parses it crashed (";
  const std::string remedy = "), as for a damaged or malicious HDF5 file; get a new copy";
  EXPECT_EQ(sentence_for_parser([](WireWriter&) { ::raise(SIGKILL); }),
            path_ + crashed + "Killed" + remedy);
  EXPECT_EQ(sentence_for_parser([](WireWriter&) { ::raise(SIGSEGV); }),
            path_ + crashed + "Segmentation fault" + remedy);
  EXPECT_EQ(sentence_for_parser([](WireWriter& events) {
              events.begin_group("");
              ::raise(SIGABRT);
            }),
            path_ + crashed + "Aborted" + remedy);
}

TEST_F(Hdf5Stream, SilenceOfTheParserIsOneSentence) {
  Hdf5Limits limits;
  limits.no_progress_ms = 200;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_NE(sentence_for_parser(
                [](WireWriter&) {
                  for (;;) ::pause();
                },
                limits)
                .find("parsing made no progress for 0.2"),
            std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_F(Hdf5Stream, ProcessorTimeIsLimited) {
  Hdf5Limits limits;
  limits.child_cpu_seconds = 1;
  EXPECT_NE(sentence_for_parser(
                [](WireWriter&) {
                  for (volatile int spin = 0;; static_cast<void>(spin)) {
                  }
                },
                limits)
                .find("used too much processor time"),
            std::string::npos);
}

TEST_F(Hdf5Stream, MemoryIsLimited) {
  Hdf5Limits limits;
  limits.child_memory_bytes = 64 << 20;
  const auto allocate = [](WireWriter& events) {
    void* memory = ::mmap(nullptr, size_t{1} << 30, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    events.refuse(memory == MAP_FAILED ? "no memory" : "memory");
  };
  EXPECT_EQ(sentence_for_parser(allocate, limits), path_ + ": no memory");
}

TEST_F(Hdf5Stream, TheParserCannotWriteFilesAndHasNoOtherDescriptors) {
  const std::string victim = directory_.write("victim", "content");
  std::ifstream open_here(victim);
  EXPECT_EQ(sentence_for_parser([&](WireWriter& events) {
              int n_open = 0;
              for (int descriptor = 0; descriptor < 256; ++descriptor) {
                n_open += ::lseek(descriptor, 0, SEEK_CUR) >= 0 || errno == ESPIPE ? 1 : 0;
              }
              ::signal(SIGXFSZ, SIG_IGN);
              std::ofstream stream(victim);
              stream << "overwritten" << std::flush;
              events.refuse(std::to_string(n_open) + (stream.good() ? " written" : " not written"));
            }),
            path_ + ": 4 not written");
}

TEST_F(Hdf5Stream, NonsenseFromTheParserIsOneSentence) {
  const std::string expected =
      path_ +
      ": its parser returned nonsense, as for a damaged or malicious HDF5 file; get a new copy";
  const Hdf5Header two = {Hdf5Type::integer(4, true), {2}};
  const std::vector<std::byte> bytes(64);
  const auto piece = [&](size_t n) { return std::span(bytes).first(n); };
  const std::vector<Hdf5ChildParser> faults = {
      [](WireWriter& e) { e.finish(); },
      [](WireWriter& e) { e.begin_group("x"); },
      [](WireWriter& e) { e.end_group(); },
      [](WireWriter& e) {
        e.begin_group("");
        e.begin_group("");
      },
      [](WireWriter& e) {
        e.begin_group("");
        e.begin_group("a/b");
      },
      [](WireWriter& e) {
        e.begin_group("");
        e.begin_group("\xff");
      },
      [](WireWriter& e) {
        e.begin_group("");
        e.finish();
      },
      [&](WireWriter& e) { e.begin_dataset("x", two); },
      [&](WireWriter& e) {
        e.begin_group("");
        e.data(piece(4));
      },
      [&](WireWriter& e) {
        e.begin_group("");
        e.begin_dataset("x", two);
        e.end_dataset();
      },
      [&](WireWriter& e) {
        e.begin_group("");
        e.begin_dataset("x", two);
        e.data(piece(12));
      },
      [&](WireWriter& e) {
        e.begin_group("");
        e.begin_dataset("x", two);
        e.data(piece(3));
      },
      [&](WireWriter& e) {
        e.begin_group("");
        e.begin_dataset("x", two);
        e.end_group();
      },
      [&](WireWriter& e) {
        e.begin_group("");
        e.begin_dataset("x", two);
        e.data(piece(8));
        e.begin_attribute("late", two);
      },
      [&](WireWriter& e) {
        e.begin_group("");
        e.begin_group("b");
        e.end_group();
        e.begin_group("a");
      },
      [](WireWriter& e) { EXPECT_GT(::write(e.descriptor(), "0123456789abcdef", 16), 0); },
      [](WireWriter& e) {
        const WireHeader huge = {kWireMagic, static_cast<uint32_t>(WireKind::kData), ~0ull};
        EXPECT_GT(::write(e.descriptor(), &huge, sizeof huge), 0);
      },
      [](WireWriter& e) {
        const WireHeader unknown = {kWireMagic, 99, 0};
        EXPECT_GT(::write(e.descriptor(), &unknown, sizeof unknown), 0);
      },
  };
  for (size_t i = 0; i < faults.size(); ++i) {
    EXPECT_EQ(sentence_for_parser(faults[i]), expected) << "fault " << i;
  }
}

TEST_F(Hdf5Stream, RefusalsAreMadePrintable) {
  EXPECT_EQ(sentence_for_parser([](WireWriter& e) { e.refuse("a\x1b[31m\n\xff"); }),
            path_ + ": a?[31m??");
}

TEST_F(Hdf5Stream, AChildThatStopsEarlyIsOneSentence) {
  EXPECT_EQ(sentence_for_parser([](WireWriter& e) { e.begin_group(""); }),
            path_ +
                ": the process that parses it stopped in the middle, as for a damaged or "
                "malicious HDF5 file; get a new copy");
}

TEST_F(Hdf5Stream, AnExceptionOfTheVisitorPassesThrough) {
  class Thrower final : public Hdf5Visitor {
   public:
    void begin_group(std::string_view) override {}
    void end_group() override {}
    void begin_dataset(std::string_view, const Hdf5Header&) override { throw 42; }
    void end_dataset() override {}
    void begin_attribute(std::string_view, const Hdf5Header&) override {}
    void end_attribute() override {}
    void data(std::span<const std::byte>) override {}
  };
  { ForeignFile(path_, {}).fill(); }
  Thrower thrower;
  EXPECT_THROW(visit_hdf5(path_, {}, thrower), int);
}

}  // namespace
}  // namespace reprotrain::engine

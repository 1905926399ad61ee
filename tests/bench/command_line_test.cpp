// SPDX-License-Identifier: Apache-2.0
#include "bench/command_line.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace reprotrain::bench {
namespace {

struct Arguments {
  int n_threads = 2;
  int64_t stride = 10;
  double seconds = 1.5;
  std::string path;
  bool quick = false;
  std::vector<std::string> files;
  CommandLine line{"bench_example", "An example."};

  Arguments() {
    line.option("--threads", n_threads, "threads to run on");
    line.option("--stride", stride, "steps between", 0);
    line.option("--seconds", seconds, "how long");
    line.option("--path", path, "a path");
    line.flag("--quick", quick, "less of it");
    line.words("FILE...", files, 1, 2);
  }

  std::string refusal(const std::vector<std::string>& arguments) const {
    try {
      line.parse(arguments);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "none";
  }
};

TEST(CommandLine, FillsWhatIsGivenAndLeavesDefaults) {
  Arguments given;
  given.line.parse({"--threads", "7", "one", "--quick", "--path", "avx2", "two"});
  EXPECT_EQ(given.n_threads, 7);
  EXPECT_EQ(given.path, "avx2");
  EXPECT_TRUE(given.quick);
  EXPECT_EQ(given.files, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(given.stride, 10);
  EXPECT_EQ(given.seconds, 1.5);
}

TEST(CommandLine, TakesTheLeastNumber) {
  Arguments given;
  given.line.parse({"one", "--threads", "1", "--stride", "0", "--seconds", "0.25"});
  EXPECT_EQ(given.n_threads, 1);
  EXPECT_EQ(given.stride, 0);
  EXPECT_EQ(given.seconds, 0.25);
}

TEST(CommandLine, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(Arguments().refusal({"one", "--thread", "2"}), "unknown argument --thread");
  EXPECT_EQ(Arguments().refusal({"one", "two", "three"}), "unknown argument three");
  EXPECT_EQ(Arguments().refusal({"one", "--path"}), "--path needs a value");
  EXPECT_EQ(Arguments().refusal({"--quick"}), "FILE... is missing");
}

TEST(CommandLine, RefusesNumbersThatDoNotFit) {
  for (const char* text : {"0", "-1", "2x", "", "1e3", "99999999999"}) {
    EXPECT_EQ(Arguments().refusal({"one", "--threads", text}),
              "--threads takes a whole number from 1 on, not '" + std::string(text) + "'");
  }
  for (const char* text : {"0", "-1", "nan", "inf", "1.5s"}) {
    EXPECT_EQ(Arguments().refusal({"one", "--seconds", text}),
              "--seconds takes a number above 0, not '" + std::string(text) + "'");
  }
}

TEST(CommandLine, HelpTellsEveryOptionWithItsDefault) {
  const std::string help = Arguments().line.help();
  EXPECT_TRUE(help.starts_with("An example.\nUsage: bench_example [--threads N]")) << help;
  EXPECT_NE(help.find("[--quick] FILE...\n"), std::string::npos) << help;
  EXPECT_NE(help.find("  --seconds X         how long (default 1.5)\n"), std::string::npos) << help;
  EXPECT_NE(help.find("  --path TEXT         a path\n"), std::string::npos) << help;
}

}  // namespace
}  // namespace reprotrain::bench

// SPDX-License-Identifier: Apache-2.0
// The command line of a benchmark: options with values, flags and plain words, each bound to a
// variable that holds its default. Needs nothing but the standard library, as the GPU benchmark does.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace reprotrain::bench {

class CommandLine {
 public:
  /// `purpose` is the sentence that --help begins with.
  CommandLine(std::string program, std::string purpose);

  /// `--name VALUE`. Integers take only numbers from `least` on; numbers, finite ones above zero.
  void option(std::string name, int& target, std::string help, int least = 1);
  void option(std::string name, int64_t& target, std::string help, int64_t least = 1);
  void option(std::string name, double& target, std::string help);
  void option(std::string name, std::string& target, std::string help);
  /// `--name`: sets the target.
  void flag(std::string name, bool& target, std::string help);
  /// What stands without an option's name, such as `FILE` or `FUNCTION...`; from `least` words on,
  /// up to `most`.
  void words(std::string name, std::vector<std::string>& target, size_t least, size_t most);

  /// Fills the variables; std::invalid_argument names an argument that is unknown, lacks its value
  /// or has one that does not fit.
  void parse(const std::vector<std::string>& arguments) const;

  /// The purpose, a line of usage, and a line for each option with its default.
  std::string help() const;

  /// The main function of a benchmark: 0 after --help or `measure`, 2 with a line on standard error
  /// where the arguments or `measure` are refused; otherwise what `measure` returns.
  int run(int argc, char** argv, const std::function<int()>& measure) const;

 private:
  struct Option {
    std::string name;
    std::string placeholder;  ///< of its value; empty: a flag
    std::string help;
    std::function<void(const std::string&)> set;
  };
  void add(std::string name, std::string placeholder, std::string help,
           std::function<void(const std::string&)> set);
  const Option& option_called(const std::string& name) const;

  std::string program_;
  std::string purpose_;
  std::vector<Option> options_;
  std::string words_name_;
  std::vector<std::string>* words_ = nullptr;
  size_t least_words_ = 0;
  size_t most_words_ = 0;
};

}  // namespace reprotrain::bench

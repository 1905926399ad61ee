// SPDX-License-Identifier: Apache-2.0
#include "bench/command_line.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <utility>

namespace reprotrain::bench {
namespace {

template <typename Number>
bool is_number(const std::string& text, Number& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

template <typename Integer>
std::function<void(const std::string&)> integer_setter(const std::string& name, Integer& target,
                                                       Integer least) {
  return [name, &target, least](const std::string& text) {
    Integer value = 0;
    if (!is_number(text, value) || value < least) {
      throw std::invalid_argument(name + " takes a whole number from " + std::to_string(least) +
                                  " on, not '" + text + "'");
    }
    target = value;
  };
}

std::string shown(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

std::string with_default(const std::string& help, const std::string& value) {
  return value.empty() ? help : help + " (default " + value + ")";
}

}  // namespace

CommandLine::CommandLine(std::string program, std::string purpose)
    : program_(std::move(program)), purpose_(std::move(purpose)) {}

void CommandLine::add(std::string name, std::string placeholder, std::string help,
                      std::function<void(const std::string&)> set) {
  options_.push_back({std::move(name), std::move(placeholder), std::move(help), std::move(set)});
}

void CommandLine::option(std::string name, int& target, std::string help, int least) {
  auto set = integer_setter(name, target, least);
  add(std::move(name), "N", with_default(help, std::to_string(target)), std::move(set));
}

void CommandLine::option(std::string name, int64_t& target, std::string help, int64_t least) {
  auto set = integer_setter(name, target, least);
  add(std::move(name), "N", with_default(help, std::to_string(target)), std::move(set));
}

void CommandLine::option(std::string name, double& target, std::string help) {
  auto set = [name, &target](const std::string& text) {
    double value = 0.0;
    if (!is_number(text, value) || !std::isfinite(value) || value <= 0.0) {
      throw std::invalid_argument(name + " takes a number above 0, not '" + text + "'");
    }
    target = value;
  };
  add(std::move(name), "X", with_default(help, shown(target)), std::move(set));
}

void CommandLine::option(std::string name, std::string& target, std::string help) {
  add(std::move(name), "TEXT", with_default(help, target),
      [&target](const std::string& text) { target = text; });
}

void CommandLine::flag(std::string name, bool& target, std::string help) {
  add(std::move(name), "", std::move(help), [&target](const std::string&) { target = true; });
}

void CommandLine::words(std::string name, std::vector<std::string>& target, size_t least,
                        size_t most) {
  words_name_ = std::move(name);
  words_ = &target;
  least_words_ = least;
  most_words_ = most;
}

const CommandLine::Option& CommandLine::option_called(const std::string& name) const {
  for (const Option& option : options_) {
    if (option.name == name) return option;
  }
  throw std::invalid_argument("unknown argument " + name);
}

void CommandLine::parse(const std::vector<std::string>& arguments) const {
  size_t n_words = 0;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!argument.starts_with('-') && n_words < most_words_) {
      words_->push_back(argument);
      ++n_words;
      continue;
    }
    const Option& option = option_called(argument);
    if (option.placeholder.empty()) {
      option.set("");
      continue;
    }
    if (i + 1 == arguments.size()) throw std::invalid_argument(argument + " needs a value");
    option.set(arguments[++i]);
  }
  if (n_words < least_words_) throw std::invalid_argument(words_name_ + " is missing");
}

std::string CommandLine::help() const {
  std::string usage = "Usage: " + program_;
  std::string lines;
  for (const Option& option : options_) {
    const std::string form =
        option.name + (option.placeholder.empty() ? "" : " " + option.placeholder);
    usage += " [" + form + "]";
    lines += "  " + form + std::string(form.size() < 20 ? 20 - form.size() : 1, ' ') + option.help +
             "\n";
  }
  if (words_ != nullptr) usage += least_words_ > 0 ? " " + words_name_ : " [" + words_name_ + "]";
  return purpose_ + "\n" + usage + "\n" + lines;
}

int CommandLine::run(int argc, char** argv, const std::function<int()>& measure) const {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  for (const std::string& argument : arguments) {
    if (argument == "--help" || argument == "-h") {
      std::fputs(help().c_str(), stdout);
      return 0;
    }
  }
  try {
    parse(arguments);
    return measure();
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "%s: %s (--help tells more)\n", program_.c_str(), error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", program_.c_str(), error.what());
  }
  return 2;
}

}  // namespace reprotrain::bench

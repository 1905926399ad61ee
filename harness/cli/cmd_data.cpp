// SPDX-License-Identifier: Apache-2.0
// reprotrain data import | show | hash: datasets and their identity.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "engine/data/dataset.h"
#include "engine/data/file_digest.h"
#include "harness/cli/commands.h"
#include "harness/cli/dataset_table.h"
#include "harness/cli/output_file.h"

namespace reprotrain::harness {

namespace {

struct DataOptions {
  std::string source;
  std::string labels;
  std::string format = "auto";
  std::string delimiter = ",";
  bool no_header = false;
  std::vector<std::string> missing;
  std::vector<std::string> categorical;
  std::vector<std::string> numeric;
  std::string out;
  bool force = false;
  bool json = false;
};

engine::DataConfig data_config(const DataOptions& options) {
  static const std::map<std::string, engine::DataFormat> kFormats = {
      {"auto", engine::DataFormat::kAuto},
      {"csv", engine::DataFormat::kCsv},
      {"idx", engine::DataFormat::kIdx},
      {"hdf5", engine::DataFormat::kHdf5}};
  engine::DataConfig config;
  config.source = options.source;
  config.labels = options.labels;
  const auto format = kFormats.find(options.format);
  if (format == kFormats.end()) {
    throw Error(ErrorKind::kUsage,
                "--format " + options.format + ": choose auto, csv, idx or hdf5");
  }
  config.format = format->second;
  const std::string delimiter = options.delimiter == "\\t" ? "\t" : options.delimiter;
  if (delimiter.size() != 1) {
    throw Error(ErrorKind::kUsage, "--delimiter " + options.delimiter + ": give one character");
  }
  config.csv.delimiter = delimiter.front();
  config.csv.has_header = !options.no_header;
  if (!options.missing.empty()) config.csv.missing_markers = options.missing;
  for (const auto& name : options.categorical) {
    config.column_kinds[name] = engine::ColumnKind::kCategorical;
  }
  for (const auto& name : options.numeric) {
    config.column_kinds[name] = engine::ColumnKind::kNumeric;
  }
  return config;
}

void add_reader_options(CLI::App& verb, DataOptions& options) {
  verb.add_option("source", options.source, "CSV, IDX or HDF5 file")->required()->type_name("SRC");
  verb.add_option("--labels", options.labels, "IDX file with the labels of IDX images");
  verb.add_option("--format", options.format, "auto, csv, idx or hdf5");
  verb.add_option("--delimiter", options.delimiter, "CSV: one character, or \\t");
  verb.add_flag("--no-header", options.no_header, "CSV: the first line is data");
  verb.add_option("--missing", options.missing, "CSV: text of a missing value; may be repeated")
      ->allow_extra_args(false);
  verb.add_option("--categorical", options.categorical,
                  "Read this column as texts; may be repeated")
      ->allow_extra_args(false);
  verb.add_option("--numeric", options.numeric, "Read this column as numbers; may be repeated")
      ->allow_extra_args(false);
}

ExitCode import_dataset(const DataOptions& options) {
  require_free(options.out, options.force);
  require_apart(options.out, options.source);
  const auto dataset = engine::load_dataset(data_config(options));
  engine::write_canonical_dataset(dataset.table, options.out);
  std::printf("wrote       %s\n", options.out.c_str());
  std::printf("rows        %lld\n", static_cast<long long>(dataset.table.n_rows));
  std::printf("columns     %zu\n", dataset.table.columns.size());
  std::printf("content id  %s\n", engine::canonical_content_id(dataset.table).c_str());
  std::printf("sha256      %s\n", engine::file_sha256(options.out).c_str());
  return ExitCode::kSuccess;
}

ExitCode show_dataset(const DataOptions& options) {
  const auto dataset = engine::load_dataset(data_config(options));
  const auto columns = describe_columns(dataset.table);
  if (options.json) {
    std::printf("%s\n", columns_json(dataset, columns).dump(2).c_str());
    return ExitCode::kSuccess;
  }
  print_identities(dataset.inputs);
  print_columns(dataset.table.n_rows, columns);
  return ExitCode::kSuccess;
}

ExitCode hash_dataset(const DataOptions& options) {
  print_identities(engine::load_dataset(data_config(options)).inputs);
  return ExitCode::kSuccess;
}

}  // namespace

void add_data(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<DataOptions>();
  CLI::App* data = app.add_subcommand("data", "Import, show and identify datasets");
  data->require_subcommand(1);

  CLI::App* import_verb =
      data->add_subcommand("import", "Write a table as a canonical HDF5 dataset");
  add_reader_options(*import_verb, *options);
  import_verb->add_option("--out", options->out, "File to write")->required()->type_name("FILE.h5");
  import_verb->add_flag("--force", options->force, "Replace the file");
  import_verb->callback(
      [&chosen, options] { chosen = [options] { return import_dataset(*options); }; });

  CLI::App* show = data->add_subcommand("show", "Print columns, kinds, ranges and missing counts");
  add_reader_options(*show, *options);
  show->add_flag("--json", options->json, "For machines");
  show->callback([&chosen, options] { chosen = [options] { return show_dataset(*options); }; });

  CLI::App* hash = data->add_subcommand("hash", "Print the content id and the file's SHA-256");
  add_reader_options(*hash, *options);
  hash->callback([&chosen, options] { chosen = [options] { return hash_dataset(*options); }; });
}

}  // namespace reprotrain::harness

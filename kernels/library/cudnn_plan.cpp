// SPDX-License-Identifier: Apache-2.0
#include "kernels/library/cudnn_plan.h"

#include <algorithm>
#include <array>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

namespace reprotrain::kernels::cudnn {

namespace {

enum TensorId : int64_t { kImagesId = 1, kWeightId, kOutputsId };

using Four = std::array<int64_t, 4>;

int data_type(LibraryPrecision precision) {
  return precision == LibraryPrecision::kBf16 ? kBfloat16 : kFloat;
}

/// A tensor of n x channels x height x width, in the library's order of dimensions, whose channels are
/// adjacent in memory.
Descriptor tensor(TensorId id, const PassShape& shape, const Four& n_c_h_w, int64_t alignment) {
  const auto [n, channels, height, width] = n_c_h_w;
  const Four strides = {height * width * channels, 1, width * channels, channels};
  Descriptor made(kTensor);
  made.set_enum(kTensorType, kDataTypeValue, data_type(shape.precision));
  made.set_int64s(kTensorDimensions, n_c_h_w);
  made.set_int64s(kTensorStrides, strides);
  made.set_int64(kTensorId, id);
  made.set_int64(kTensorAlignment, alignment);
  made.finalize();
  return made;
}

Descriptor geometry(const Convolution& c) {
  const auto both = [&](auto field) { return std::array<int64_t, 2>{c.y.*field, c.x.*field}; };
  Descriptor made(kConvolution);
  made.set_int64(kConvolutionDimensions, 2);
  made.set_enum(kConvolutionComputeType, kDataTypeValue, kFloat);
  made.set_enum(kConvolutionMode, kConvolutionModeValue, kCrossCorrelation);
  made.set_int64s(kConvolutionPaddingBefore, both(&WindowAxis::padding_before));
  made.set_int64s(kConvolutionPaddingAfter, both(&WindowAxis::padding_after));
  made.set_int64s(kConvolutionDilations, both(&WindowAxis::dilation));
  made.set_int64s(kConvolutionStrides, both(&WindowAxis::stride));
  made.finalize();
  return made;
}

/// The attributes of an operation of one kind.
struct OperationWords {
  DescriptorType type;
  Attribute alpha, beta, convolution, weight, images, outputs;
};

OperationWords words_for(PassKind kind) {
  switch (kind) {
    case PassKind::kForward:
      return {kForwardOperation, kForwardAlpha,  kForwardBeta,   kForwardConvolution,
              kForwardWeight,    kForwardImages, kForwardOutputs};
    case PassKind::kWeightGradient:
      return {kWeightGradientOperation,   kWeightGradientAlpha,  kWeightGradientBeta,
              kWeightGradientConvolution, kWeightGradientWeight, kWeightGradientImages,
              kWeightGradientOutputs};
    case PassKind::kInputGradient:
      break;
  }
  return {kInputGradientOperation,   kInputGradientAlpha,  kInputGradientBeta,
          kInputGradientConvolution, kInputGradientWeight, kInputGradientImages,
          kInputGradientOutputs};
}

/// A graph of one operation. What it is made of may go once it is finalized. Nothing where the library
/// does not know such a convolution.
std::optional<Descriptor> graph_of(const Target& target, const PassShape& shape) {
  const Convolution& c = shape.convolution;
  const Descriptor images =
      tensor(kImagesId, shape, {shape.n_images, c.n_channels_in, c.y.size, c.x.size},
             shape.images_alignment);
  const Descriptor weight =
      tensor(kWeightId, shape, {c.n_channels_out, c.group_in(), c.y.kernel, c.x.kernel},
             shape.weight_alignment);
  const Descriptor outputs = tensor(
      kOutputsId, shape, {shape.n_images, c.n_channels_out, c.y.n_windows(), c.x.n_windows()},
      shape.outputs_alignment);
  const Descriptor convolution = geometry(c);
  const OperationWords words = words_for(shape.kind);
  Descriptor operation(words.type);
  operation.set_float(words.alpha, 1.0f);
  operation.set_float(words.beta, 0.0f);
  operation.set_descriptor(words.convolution, convolution);
  operation.set_descriptor(words.weight, weight);
  operation.set_descriptor(words.images, images);
  operation.set_descriptor(words.outputs, outputs);
  if (!operation.finalize_if_supported()) return std::nullopt;

  Descriptor graph(kOperationGraph);
  target.tell(graph, kGraphHandle, std::nullopt);
  graph.set_descriptor(kGraphOperations, operation);
  if (!graph.finalize_if_supported()) return std::nullopt;
  return graph;
}

/// Engines with settings that the library proposes, the best first.
std::vector<Descriptor> proposals(const Target& target, const Descriptor& graph, int mode) {
  constexpr int64_t kMost = 64;
  Descriptor heuristics(kEngineHeuristics);
  heuristics.set_descriptor(kHeuristicsGraph, graph);
  heuristics.set_enum(kHeuristicsMode, kHeuristicsModeValue, mode);
  target.tell(heuristics, std::nullopt, kHeuristicsDevice);
  if (!heuristics.finalize_if_supported()) return {};
  return heuristics.descriptors(kHeuristicsResults, kEngineConfig, kMost);
}

Descriptor engine_of(const Descriptor& config) {
  std::vector<Descriptor> engines = config.descriptors(kConfigEngine, kEngine, 1);
  if (engines.empty()) throw std::runtime_error("cuDNN: a configuration has no engine");
  return std::move(engines.front());
}

bool holds(const std::vector<int>& notes, int note) {
  return std::find(notes.begin(), notes.end(), note) != notes.end();
}

/// Why an engine's bits are not those that are asked for, or "".
std::string objection_to(const Descriptor& engine, LibraryPrecision precision) {
  const std::vector<int> notes = engine.notes(kEngineNotes, kNoteValue);
  const std::vector<int> behaviour = engine.notes(kEngineBehaviour, kBehaviourValue);
  const auto has = [&](int note) { return holds(notes, note); };
  if (has(kNoteNondeterministic)) return "is not deterministic";
  if (has(kNoteDownConvertsInputs)) return "rounds its factors otherwise";
  if (has(kNoteReducedPrecisionSums)) return "does not sum in binary32";
  if (has(kNoteFft) || has(kNoteWinograd)) return "sums transforms of its factors";
  if (holds(behaviour, kCompilesAtRunTime)) return "is compiled at run time";
  if (holds(behaviour, kAsksCublasLt)) return "leaves the choice to cuBLASLt";
  if (precision == LibraryPrecision::kFp32 && has(kNoteTensorCore)) {
    return "uses tensor cores, which round binary32";
  }
  return "";
}

std::string text_of_choice(const Descriptor& config) {
  std::string text = "engine " + std::to_string(engine_of(config).int64(kEngineIndex)) + " knobs";
  for (const Descriptor& knob : config.descriptors(kConfigKnobs, kKnobChoice, kMostKnobs)) {
    text += " " + std::to_string(knob.enum_value(kKnobType, kKnobTypeValue)) + "=" +
            std::to_string(knob.int64(kKnobValue));
  }
  return text;
}

struct FinishedPlan {
  Descriptor descriptor;
  int64_t workspace_bytes;
};

/// Nothing where the library cannot make one of `config`.
std::optional<FinishedPlan> finish(const Target& target, const Descriptor& config) {
  Descriptor plan(kExecutionPlan);
  target.tell(plan, kPlanHandle, kPlanDevice);
  plan.set_descriptor(kPlanConfig, config);
  if (!plan.finalize_if_supported()) return std::nullopt;
  const int64_t n_bytes = plan.int64(kPlanWorkspaceBytes);
  return FinishedPlan{std::move(plan), n_bytes};
}

/// Why a plan is not allowed, or "".
std::string objection_to(const FinishedPlan& plan, LibraryPrecision precision, int64_t most_bytes) {
  const std::vector<Descriptor> configs =
      plan.descriptor.descriptors(kPlanConfig, kEngineConfig, 1);
  if (configs.empty()) return "does not tell its engine";
  const std::string objection = objection_to(engine_of(configs.front()), precision);
  if (!objection.empty()) return objection;
  return plan.workspace_bytes <= most_bytes ? "" : "needs too much work space";
}

struct ParsedChoice {
  int64_t engine = -1;
  std::vector<std::pair<int, int64_t>> knobs;
};

std::optional<ParsedChoice> parse_choice(const std::string& text) {
  std::istringstream words(text);
  std::string engine, knobs;
  ParsedChoice choice;
  if (!(words >> engine >> choice.engine >> knobs) || engine != "engine" || knobs != "knobs") {
    return std::nullopt;
  }
  std::pair<int, int64_t> knob;
  char equals = 0;
  while (words >> knob.first) {
    if (!(words >> equals >> knob.second) || equals != '=') return std::nullopt;
    choice.knobs.push_back(knob);
  }
  if (!words.eof() || choice.engine < 0) return std::nullopt;
  return choice;
}

/// The engine configuration of a recorded choice; nothing where the library has no such engine here.
std::optional<Descriptor> build(const Target& target, const Descriptor& graph,
                                const ParsedChoice& choice) {
  Descriptor engine(kEngine);
  engine.set_descriptor(kEngineGraph, graph);
  engine.set_int64(kEngineIndex, choice.engine);
  target.tell(engine, std::nullopt, kEngineDevice);
  if (!engine.finalize_if_supported()) return std::nullopt;
  std::vector<Descriptor> knobs;
  std::vector<RawDescriptor> raw;
  for (const auto& [type, value] : choice.knobs) {
    Descriptor& knob = knobs.emplace_back(kKnobChoice);
    knob.set_enum(kKnobType, kKnobTypeValue, type);
    knob.set_int64(kKnobValue, value);
    knob.finalize();
    raw.push_back(knob.raw());
  }
  Descriptor config(kEngineConfig);
  config.set_descriptor(kConfigEngine, engine);
  if (!raw.empty()) {
    config.set(kConfigKnobs, kDescriptorValue, static_cast<int64_t>(raw.size()), raw.data());
  }
  if (!config.finalize_if_supported()) return std::nullopt;
  return config;
}

}  // namespace

std::string name_of_pass(const PassShape& shape) {
  const Convolution& c = shape.convolution;
  const auto number = [](int64_t n) { return std::to_string(n); };
  const auto axis = [&](const WindowAxis& a) {
    return number(a.size) + " kernel " + number(a.kernel) + " stride " + number(a.stride) +
           " dilation " + number(a.dilation) + " padding " + number(a.padding_before) + "+" +
           number(a.padding_after);
  };
  const char* const kind = shape.kind == PassKind::kForward          ? "forward"
                           : shape.kind == PassKind::kWeightGradient ? "weight gradient"
                                                                     : "input gradient";
  return "convolution " + std::string(kind) + " " + std::string(name_of(shape.precision)) + " " +
         number(shape.n_images) + " images channels " + number(c.n_channels_in) + " to " +
         number(c.n_channels_out) + " groups " + number(c.n_groups) + " y " + axis(c.y) + " x " +
         axis(c.x) + " alignment " + number(shape.images_alignment) + " " +
         number(shape.weight_alignment) + " " + number(shape.outputs_alignment);
}

std::optional<Plan> Plan::choose(const Target& target, const PassShape& shape, int64_t most_bytes) {
  const std::optional<Descriptor> graph = graph_of(target, shape);
  if (!graph) return std::nullopt;
  for (const int mode : {kPredictFastest, kFallBack}) {
    for (const Descriptor& config : proposals(target, *graph, mode)) {
      // Asked before a plan is made, which may compile for seconds.
      if (!objection_to(engine_of(config), shape.precision).empty()) continue;
      std::optional<FinishedPlan> plan = finish(target, config);
      if (!plan || !objection_to(*plan, shape.precision, most_bytes).empty()) continue;
      return Plan(std::move(plan->descriptor), text_of_choice(config), plan->workspace_bytes);
    }
  }
  return std::nullopt;
}

Plan Plan::replay(const Target& target, const PassShape& shape, const std::string& choice) {
  using Why = ReplayError::Why;
  const auto refuse = [&](Why why, const std::string& reason) {
    throw ReplayError(why, "the algorithm that is recorded for " + name_of_pass(shape) + ", " +
                               choice + ", " + reason);
  };
  const std::optional<ParsedChoice> parsed = parse_choice(choice);
  if (!parsed) refuse(Why::kNotValid, "is no engine of cuDNN's");
  const std::optional<Descriptor> graph = graph_of(target, shape);
  if (!graph) refuse(Why::kNotHere, "is not one that cuDNN has here");
  const std::optional<Descriptor> config = build(target, *graph, *parsed);
  if (!config) refuse(Why::kNotHere, "is not one that cuDNN has here");
  std::optional<FinishedPlan> plan = finish(target, *config);
  if (!plan) refuse(Why::kNotHere, "is not one that cuDNN can run here");
  const std::string objection =
      objection_to(*plan, shape.precision, std::numeric_limits<int64_t>::max());
  if (!objection.empty()) refuse(Why::kNotValid, objection);
  return Plan(std::move(plan->descriptor), choice, plan->workspace_bytes);
}

void Plan::run(const Target& target, const Pointers& pointers, cudaStream_t stream) const {
  const std::array<int64_t, 3> ids = {kImagesId, kWeightId, kOutputsId};
  const std::array<const void*, 3> addresses = {pointers.images, pointers.weight, pointers.outputs};
  Descriptor pack(kVariantPack);
  pack.set_int64s(kPackIds, ids);
  pack.set(kPackPointers, kPointerValue, static_cast<int64_t>(addresses.size()), addresses.data());
  pack.set(kPackWorkspace, kPointerValue, 1, &pointers.workspace);
  pack.finalize();
  check(functions().cudnnSetStream(target.handle(), stream), "cudnnSetStream");
  check(functions().cudnnBackendExecute(target.handle(), descriptor_.raw(), pack.raw()),
        "cudnnBackendExecute");
}

}  // namespace reprotrain::kernels::cudnn

// SPDX-License-Identifier: Apache-2.0
// Stands in for cuDNN's graph interface on the emulated device. It computes honestly, sums in the order that
// its engine and its knob have, and proposes engines in an order that a program which wants the same bits
// again must not take as it comes:
//
//   7 unordered    its notes say that it is not deterministic, and it is not
//   5 tensor core  factors rounded to TF32; the knob tells whether terms ascend or descend
//   3 plain        binary32; the knob tells whether terms ascend or descend
//
// The knob is 4 (value 1: descending) unless REPROTRAIN_CUDNN_KNOB says another value. Paddings that differ
// on both sides are not supported, as with many engines of the library. REPROTRAIN_CUDNN_VERSION is its
// version, REPROTRAIN_CUDNN_ONLY=N proposes engine N alone.
#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "kernels/base/float_bits.h"
#include "kernels/library/bfloat16.h"
#include "kernels/library/cudnn_abi.h"
#include "tests/emulated_cuda/runtime_api.h"
#include "tests/library_stand_in/environment_numbers.h"
#include "tests/library_stand_in/tf32.h"

using namespace reprotrain::kernels;
using namespace reprotrain::kernels::cudnn;

namespace {

constexpr int64_t kPlain = 3, kTensorCore = 5, kUnordered = 7;
constexpr int kKnob = 4;
constexpr int64_t kWorkspaceBytes = 4096;

/// Attributes as they were set. Descriptors among them are kept alive.
struct Thing {
  int type = 0;
  bool is_final = false;
  std::map<int, std::vector<unsigned char>> values;
  std::map<int, std::vector<std::shared_ptr<Thing>>> things;

  std::vector<int64_t> int64s(int attribute) const {
    const std::vector<unsigned char>& bytes = values.at(attribute);
    std::vector<int64_t> numbers(bytes.size() / sizeof(int64_t));
    memcpy(numbers.data(), bytes.data(), bytes.size());
    return numbers;
  }
  int64_t int64(int attribute) const { return int64s(attribute).front(); }
  int number(int attribute) const {
    int value = 0;
    memcpy(&value, values.at(attribute).data(), sizeof value);
    return value;
  }
  const Thing& thing(int attribute) const { return *things.at(attribute).front(); }
  void set_int64(int attribute, int64_t value) {
    const auto* const bytes = reinterpret_cast<const unsigned char*>(&value);
    values[attribute].assign(bytes, bytes + sizeof value);
  }
};
using Shared = std::shared_ptr<Thing>;

Shared& shared(RawDescriptor raw) { return *static_cast<Shared*>(raw); }

/// The attributes of an operation: weight, images, outputs.
struct OperationAttributes {
  int convolution, weight, images, outputs;
};
OperationAttributes attributes_of(int operation) {
  if (operation == kForwardOperation) {
    return {kForwardConvolution, kForwardWeight, kForwardImages, kForwardOutputs};
  }
  if (operation == kWeightGradientOperation) {
    return {kWeightGradientConvolution, kWeightGradientWeight, kWeightGradientImages,
            kWeightGradientOutputs};
  }
  return {kInputGradientConvolution, kInputGradientWeight, kInputGradientImages,
          kInputGradientOutputs};
}

/// A tensor in memory, by its four indices.
struct Tensor {
  std::vector<int64_t> dimensions, strides;
  int type = kFloat;
  void* data = nullptr;
  bool is_rounded = false;

  int64_t at(int64_t a, int64_t b, int64_t c, int64_t d) const {
    return a * strides[0] + b * strides[1] + c * strides[2] + d * strides[3];
  }
  float get(int64_t a, int64_t b, int64_t c, int64_t d) const {
    const int64_t i = at(a, b, c, d);
    if (type == kBfloat16) return from_bfloat16(static_cast<const uint16_t*>(data)[i]);
    const float value = static_cast<const float*>(data)[i];
    return is_rounded ? rounded_to_tf32(value) : value;
  }
  void put(int64_t a, int64_t b, int64_t c, int64_t d, float value) const {
    const int64_t i = at(a, b, c, d);
    if (type == kBfloat16) {
      static_cast<uint16_t*>(data)[i] = to_bfloat16(value);
    } else {
      static_cast<float*>(data)[i] = value;
    }
  }
};

/// One convolution, ready to be computed.
struct Work {
  int operation = 0;
  Tensor images, weight, outputs;
  std::vector<int64_t> padding, strides, dilations;
  bool descends = false;

  // Terms are (output, weight, image) triples; each operation sums, for every element of its result,
  // the products of the other two.
  void compute() const {
    const auto n = images.dimensions[0], n_in = weight.dimensions[1];
    const auto n_out = weight.dimensions[0], groups = images.dimensions[1] / n_in;
    const auto group_out = n_out / groups;
    std::map<std::vector<int64_t>, std::vector<float>> terms;
    const auto note = [&](std::vector<int64_t> index, float term) {
      terms[std::move(index)].push_back(term);
    };
    for (int64_t i = 0; i < n; ++i)
      for (int64_t k = 0; k < n_out; ++k)
        for (int64_t oy = 0; oy < outputs.dimensions[2]; ++oy)
          for (int64_t ox = 0; ox < outputs.dimensions[3]; ++ox)
            for (int64_t c = 0; c < n_in; ++c)
              for (int64_t r = 0; r < weight.dimensions[2]; ++r)
                for (int64_t s = 0; s < weight.dimensions[3]; ++s) {
                  const int64_t y = oy * strides[0] - padding[0] + r * dilations[0];
                  const int64_t x = ox * strides[1] - padding[1] + s * dilations[1];
                  const bool is_inside =
                      y >= 0 && x >= 0 && y < images.dimensions[2] && x < images.dimensions[3];
                  const int64_t channel = k / group_out * n_in + c;
                  if (operation == kForwardOperation) {
                    note({i, k, oy, ox},
                         is_inside ? images.get(i, channel, y, x) * weight.get(k, c, r, s) : 0.0f);
                  } else if (operation == kWeightGradientOperation) {
                    note({k, c, r, s},
                         is_inside ? images.get(i, channel, y, x) * outputs.get(i, k, oy, ox)
                                   : 0.0f);
                  } else if (is_inside) {
                    note({i, channel, y, x}, weight.get(k, c, r, s) * outputs.get(i, k, oy, ox));
                  }
                }
    const Tensor& result = operation == kForwardOperation          ? outputs
                           : operation == kWeightGradientOperation ? weight
                                                                   : images;
    const auto& d = result.dimensions;
    for (int64_t a = 0; a < d[0]; ++a)
      for (int64_t b = 0; b < d[1]; ++b)
        for (int64_t c = 0; c < d[2]; ++c)
          for (int64_t e = 0; e < d[3]; ++e) {
            std::vector<float>& of_element = terms[{a, b, c, e}];
            if (descends) std::reverse(of_element.begin(), of_element.end());
            float sum = 0.0f;
            for (const float term : of_element) sum = sum + term;
            result.put(a, b, c, e, sum);
          }
  }
};

const Thing& operation_of(const Thing& engine) {
  return engine.thing(kEngineGraph).thing(kGraphOperations);
}

Tensor tensor_of(const Thing& described, const Thing& pack, bool is_rounded) {
  Tensor tensor{described.int64s(kTensorDimensions), described.int64s(kTensorStrides),
                described.number(kTensorType), nullptr, is_rounded};
  const std::vector<int64_t> ids = pack.int64s(kPackIds);
  const std::vector<int64_t> pointers = pack.int64s(kPackPointers);
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] == described.int64(kTensorId)) tensor.data = reinterpret_cast<void*>(pointers[i]);
  }
  return tensor;
}

bool is_supported(const Thing& operation) {
  const Thing& convolution = operation.thing(attributes_of(operation.type).convolution);
  return convolution.int64s(kConvolutionPaddingBefore) ==
         convolution.int64s(kConvolutionPaddingAfter);
}

Shared engine_for(const Shared& graph, int64_t index) {
  auto engine = std::make_shared<Thing>();
  engine->type = kEngine;
  engine->is_final = true;
  engine->things[kEngineGraph] = {graph};
  engine->set_int64(kEngineIndex, index);
  return engine;
}

Shared knob(int64_t value) {
  auto made = std::make_shared<Thing>();
  made->type = kKnobChoice;
  made->is_final = true;
  made->values[kKnobType].assign(reinterpret_cast<const unsigned char*>(&kKnob),
                                 reinterpret_cast<const unsigned char*>(&kKnob) + sizeof kKnob);
  made->set_int64(kKnobValue, value);
  return made;
}

std::vector<Shared> proposals(const Shared& graph) {
  if (!is_supported(graph->thing(kGraphOperations))) return {};
  std::vector<int64_t> indices = {kUnordered, kTensorCore, kPlain};
  if (const uint64_t only = number_from("REPROTRAIN_CUDNN_ONLY", 0)) {
    indices = {static_cast<int64_t>(only)};
  }
  std::vector<Shared> configs;
  for (const int64_t index : indices) {
    auto config = std::make_shared<Thing>();
    config->type = kEngineConfig;
    config->is_final = true;
    config->things[kConfigEngine] = {engine_for(graph, index)};
    config->things[kConfigKnobs] = {
        knob(static_cast<int64_t>(number_from("REPROTRAIN_CUDNN_KNOB", 1)))};
    configs.push_back(std::move(config));
  }
  return configs;
}

std::vector<int> notes_of(const Thing& engine) {
  const int64_t index = engine.int64(kEngineIndex);
  if (index == kUnordered) return {kNoteNondeterministic};
  if (index == kTensorCore) return {kNoteTensorCore};
  return {};
}

template <typename T>
Status answer(const std::vector<T>& all, int64_t n_wanted, int64_t* n, void* values) {
  *n = std::min<int64_t>(n_wanted, static_cast<int64_t>(all.size()));
  if (*n > 0) memcpy(values, all.data(), static_cast<size_t>(*n) * sizeof(T));
  return kSuccess;
}

}  // namespace

extern "C" {

size_t cudnnGetVersion() { return number_from("REPROTRAIN_CUDNN_VERSION", 91900); }
void cudnnGetLastErrorString(char* message, size_t room) {
  if (room > 0) message[0] = 0;
}
Status cudnnCreate(Handle* handle) {
  *handle = reinterpret_cast<Handle>(new cudaStream_t(nullptr));
  return kSuccess;
}
Status cudnnDestroy(Handle handle) {
  delete reinterpret_cast<cudaStream_t*>(handle);
  return kSuccess;
}
Status cudnnSetStream(Handle handle, cudaStream_t stream) {
  *reinterpret_cast<cudaStream_t*>(handle) = stream;
  return kSuccess;
}

Status cudnnBackendCreateDescriptor(int type, RawDescriptor* raw) {
  auto thing = std::make_shared<Thing>();
  thing->type = type;
  *raw = new Shared(std::move(thing));
  return kSuccess;
}
Status cudnnBackendDestroyDescriptor(RawDescriptor raw) {
  delete static_cast<Shared*>(raw);
  return kSuccess;
}

Status cudnnBackendSetAttribute(RawDescriptor raw, int attribute, int type, int64_t n,
                                const void* values) {
  Thing& thing = *shared(raw);
  if (thing.is_final) return kBadParameter;
  if (type == kDescriptorValue) {
    std::vector<Shared>& things = thing.things[attribute];
    things.clear();
    for (int64_t i = 0; i < n; ++i) {
      const Shared& value = shared(static_cast<const RawDescriptor*>(values)[i]);
      if (!value->is_final) return kBadParameter;
      things.push_back(value);
    }
    return kSuccess;
  }
  const bool is_eight_bytes = type == kInt64Value || type == kPointerValue || type == kHandleValue;
  const size_t n_bytes = static_cast<size_t>(n) * (is_eight_bytes ? 8 : 4);
  const auto* const bytes = static_cast<const unsigned char*>(values);
  thing.values[attribute].assign(bytes, bytes + n_bytes);
  return kSuccess;
}

Status cudnnBackendFinalize(RawDescriptor raw) {
  Thing& thing = *shared(raw);
  if (thing.type == kEngine) {
    const int64_t index = thing.int64(kEngineIndex);
    if (index != kPlain && index != kTensorCore && index != kUnordered) return kNotSupported;
  }
  if (thing.type == kOperationGraph && thing.values.count(kGraphHandle) == 0) return kBadParameter;
  if (thing.type == kExecutionPlan) {
    if (thing.values.count(kPlanHandle) == 0) return kBadParameter;
    if (!is_supported(operation_of(thing.thing(kPlanConfig).thing(kConfigEngine)))) {
      return kNotSupported;
    }
    thing.set_int64(kPlanWorkspaceBytes, kWorkspaceBytes);
  }
  thing.is_final = true;
  return kSuccess;
}

Status cudnnBackendGetAttribute(RawDescriptor raw, int attribute, int type, int64_t n_wanted,
                                int64_t* n, void* values) {
  const Shared& thing = shared(raw);
  if (!thing->is_final) return kBadParameter;
  if (type == kNoteValue) return answer(notes_of(*thing), n_wanted, n, values);
  if (type == kBehaviourValue) return answer(std::vector<int>(), n_wanted, n, values);
  if (type == kDescriptorValue) {
    const std::vector<Shared> things = attribute == kHeuristicsResults
                                           ? proposals(thing->things.at(kHeuristicsGraph).front())
                                           : thing->things.at(attribute);
    *n = std::min<int64_t>(n_wanted, static_cast<int64_t>(things.size()));
    for (int64_t i = 0; i < *n; ++i) {
      shared(static_cast<const RawDescriptor*>(values)[i]) = things[static_cast<size_t>(i)];
    }
    return kSuccess;
  }
  const std::vector<unsigned char>& bytes = thing->values.at(attribute);
  const size_t element_bytes = type == kInt64Value ? 8 : 4;
  *n = static_cast<int64_t>(bytes.size() / element_bytes);
  memcpy(values, bytes.data(), static_cast<size_t>(std::min(n_wanted, *n)) * element_bytes);
  return kSuccess;
}

Status cudnnBackendExecute(Handle handle, RawDescriptor raw_plan, RawDescriptor raw_pack) {
  const Thing& config = shared(raw_plan)->thing(kPlanConfig);
  const Thing& engine = config.thing(kConfigEngine);
  const Thing& pack = *shared(raw_pack);
  const int64_t index = engine.int64(kEngineIndex);
  const Thing& operation = operation_of(engine);
  const OperationAttributes attributes = attributes_of(operation.type);
  const Thing& convolution = operation.thing(attributes.convolution);

  Work work;
  work.operation = operation.type;
  const bool is_rounded = index == kTensorCore;
  work.images = tensor_of(operation.thing(attributes.images), pack, is_rounded);
  work.weight = tensor_of(operation.thing(attributes.weight), pack, is_rounded);
  work.outputs = tensor_of(operation.thing(attributes.outputs), pack, is_rounded);
  work.padding = convolution.int64s(kConvolutionPaddingBefore);
  work.strides = convolution.int64s(kConvolutionStrides);
  work.dilations = convolution.int64s(kConvolutionDilations);
  work.descends = config.thing(kConfigKnobs).int64(kKnobValue) == 1;
  void* const workspace = reinterpret_cast<void*>(pack.int64(kPackWorkspace));
  const cudaStream_t stream = *reinterpret_cast<cudaStream_t*>(handle);
  reprotrain::emulated_cuda::queue_library_kernel(stream, [work, workspace, index]() mutable {
    static uint64_t n_calls = 0;
    if (index == kUnordered) work.descends = ++n_calls % 2 == 0;
    memset(workspace, 0x5a, kWorkspaceBytes);  // which must be there
    work.compute();
  });
  return kSuccess;
}

}  // extern "C"

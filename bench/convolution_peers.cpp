// SPDX-License-Identifier: Apache-2.0
#include "bench/convolution_peers.h"

#include <omp.h>
#include <oneapi/dnnl/dnnl.hpp>

#include <memory>

namespace reprotrain::bench {
namespace {

using namespace dnnl;
using Tag = memory::format_tag;

/// What all passes of a shape share.
struct Shape {
  memory::dims images, weight, outputs, strides, dilations, padding_before, padding_after;

  explicit Shape(const ConvolutionOperands& o) {
    const kernels::Convolution& c = o.convolution;
    const int64_t n = o.images.n_rows;
    images = {n, c.n_channels_in, c.y.size, c.x.size};
    weight = {c.n_channels_out, c.n_channels_in, c.y.kernel, c.x.kernel};
    outputs = {n, c.n_channels_out, c.y.n_windows(), c.x.n_windows()};
    strides = {c.y.stride, c.x.stride};
    dilations = {c.y.dilation - 1, c.x.dilation - 1};
    padding_before = {c.y.padding_before, c.x.padding_before};
    padding_after = {c.y.padding_after, c.x.padding_after};
  }
};

memory::desc described(const memory::dims& dims, DnnlLayout layout, Tag given) {
  return {dims, memory::data_type::f32, layout == DnnlLayout::kPreferred ? Tag::any : given};
}

/// Our memory where the layout is ours, else a copy of it; results are of no interest then.
memory memory_of(const memory::desc& wanted, const memory::dims& dims, Tag given, const float* data,
                 const engine& cpu, stream& queue) {
  const memory::desc own(dims, memory::data_type::f32, given);
  memory ours(own, cpu, const_cast<float*>(data));
  if (wanted == own) return ours;
  memory theirs(wanted, cpu);
  reorder(ours, theirs).execute(queue, ours, theirs);
  queue.wait();
  return theirs;
}

struct Context {
  Shape shape;
  DnnlLayout layout;
  engine cpu{engine::kind::cpu, 0};
  std::shared_ptr<stream> queue = std::make_shared<stream>(cpu);
  memory::desc images, weight, outputs;
  convolution_forward::primitive_desc forward;

  Context(const ConvolutionOperands& o, DnnlLayout l)
      : shape(o),
        layout(l),
        images(described(shape.images, l, Tag::nhwc)),
        weight(described(shape.weight, DnnlLayout::kPreferred, Tag::hwio)),
        outputs(described(shape.outputs, l, Tag::nhwc)),
        forward(
            convolution_forward::desc(prop_kind::forward_training, algorithm::convolution_direct,
                                      images, weight, outputs, shape.strides, shape.dilations,
                                      shape.padding_before, shape.padding_after),
            cpu) {}

  memory image_memory(const memory::desc& wanted, const float* data) {
    return memory_of(wanted, shape.images, Tag::nhwc, data, cpu, *queue);
  }
  memory weight_memory(const memory::desc& wanted, const float* data) {
    return memory_of(wanted, shape.weight, Tag::hwio, data, cpu, *queue);
  }
  memory output_memory(const memory::desc& wanted, const float* data) {
    return memory_of(wanted, shape.outputs, Tag::nhwc, data, cpu, *queue);
  }
};

ConvolutionCall call_of(primitive pass, std::shared_ptr<stream> queue,
                        std::unordered_map<int, memory> arguments) {
  return [pass, queue, arguments] {
    pass.execute(*queue, arguments);
    queue->wait();
  };
}

}  // namespace

ConvolutionCall dnnl_forward(const ConvolutionOperands& o, DnnlLayout layout) {
  Context c(o, layout);
  return call_of(convolution_forward(c.forward), c.queue,
                 {{DNNL_ARG_SRC, c.image_memory(c.forward.src_desc(), o.images.data)},
                  {DNNL_ARG_WEIGHTS, c.weight_memory(c.forward.weights_desc(), o.weight.data)},
                  {DNNL_ARG_DST, c.output_memory(c.forward.dst_desc(), o.outputs.data)}});
}

ConvolutionCall dnnl_weight_gradient(const ConvolutionOperands& o, DnnlLayout layout) {
  Context c(o, layout);
  const convolution_backward_weights::primitive_desc pass(
      convolution_backward_weights::desc(algorithm::convolution_direct, c.images, c.weight,
                                         c.outputs, c.shape.strides, c.shape.dilations,
                                         c.shape.padding_before, c.shape.padding_after),
      c.cpu, c.forward);
  return call_of(
      convolution_backward_weights(pass), c.queue,
      {{DNNL_ARG_SRC, c.image_memory(pass.src_desc(), o.images.data)},
       {DNNL_ARG_DIFF_DST, c.output_memory(pass.diff_dst_desc(), o.delta.data)},
       {DNNL_ARG_DIFF_WEIGHTS, c.weight_memory(pass.diff_weights_desc(), o.weight_gradient.data)}});
}

ConvolutionCall dnnl_input_gradient(const ConvolutionOperands& o, DnnlLayout layout) {
  Context c(o, layout);
  const convolution_backward_data::primitive_desc pass(
      convolution_backward_data::desc(algorithm::convolution_direct, c.images, c.weight, c.outputs,
                                      c.shape.strides, c.shape.dilations, c.shape.padding_before,
                                      c.shape.padding_after),
      c.cpu, c.forward);
  return call_of(
      convolution_backward_data(pass), c.queue,
      {{DNNL_ARG_DIFF_DST, c.output_memory(pass.diff_dst_desc(), o.delta.data)},
       {DNNL_ARG_WEIGHTS, c.weight_memory(pass.weights_desc(), o.weight.data)},
       {DNNL_ARG_DIFF_SRC, c.image_memory(pass.diff_src_desc(), o.image_gradient.data)}});
}

void set_dnnl_threads(int n_threads) { omp_set_num_threads(n_threads); }

std::string dnnl_name() {
  const dnnl_version_t* version = dnnl_version();
  return "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->patch);
}

}  // namespace reprotrain::bench

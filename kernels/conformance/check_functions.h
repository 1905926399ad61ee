// SPDX-License-Identifier: Apache-2.0
// The functions behind the lines of check_list.cpp. Each reads the inputs of its kind of golden
// line (the head of each file in tests/golden says what they are), runs the operator, and writes
// its results as words; false where the device does not offer the operator.
#pragma once

#include <string_view>

#include "kernels/conformance/golden.h"
#include "kernels/conformance/operator_device.h"

namespace reprotrain::kernels {

/// Stands for a word of a golden line that is another operator's answer. No result is spelled so:
/// what a device computes becomes a word through golden_words.h, digits or a name.
inline constexpr std::string_view kNotCompared = "*";

// check_elementwise.cpp
bool check_elementary(OperatorDevice& device, std::string_view function, const Words& in,
                      Words& out);
bool check_feature(OperatorDevice& device, std::string_view name, const Words& in, Words& out);
bool check_cospi_unit(OperatorDevice& device, const Words& in, Words& out);
bool check_power_of(OperatorDevice& device, const Words& in, Words& out);

// check_conv.cpp
bool check_convolution(OperatorDevice& device, const Words& in, Words& out);
bool check_convolution_weight_gradient(OperatorDevice& device, const Words& in, Words& out);
bool check_convolution_input_gradient(OperatorDevice& device, const Words& in, Words& out);
bool check_pooling(OperatorDevice& device, std::string_view name, const Words& in, Words& out);
bool check_global_average(OperatorDevice& device, const Words& in, Words& out);
bool check_image_moves(OperatorDevice& device, const Words& in, Words& out);
bool check_batch_norm(OperatorDevice& device, const Words& in, Words& out);
bool check_batch_norm_inference(OperatorDevice& device, const Words& in, Words& out);

// check_matmul.cpp
bool check_product(OperatorDevice& device, std::string_view specification, const Words& in,
                   Words& out);
bool check_large_product(OperatorDevice& device, std::string_view specification, const Words& in,
                         Words& out);
bool check_product_of_words(OperatorDevice& device, std::string_view specification, const Words& in,
                            Words& out);
bool check_periodic_product(OperatorDevice& device, std::string_view specification, const Words& in,
                            Words& out);

// check_reduce.cpp
bool check_sum_of_terms(OperatorDevice& device, const Words& in, Words& out);
bool check_sum_of_squares(OperatorDevice& device, const Words& in, Words& out);
bool check_long_sum_of_terms(OperatorDevice& device, const Words& in, Words& out);
bool check_long_sum_of_squares(OperatorDevice& device, const Words& in, Words& out);
bool check_sum_of_doubles(OperatorDevice& device, const Words& in, Words& out);
bool check_sum_of_products(OperatorDevice& device, const Words& in, Words& out);
bool check_norm(OperatorDevice& device, const Words& in, Words& out);
bool check_column_sums(OperatorDevice& device, const Words& in, Words& out);
bool check_moments(OperatorDevice& device, const Words& in, Words& out);
bool check_long_moments(OperatorDevice& device, const Words& in, Words& out);
bool check_order(OperatorDevice& device, const Words& in, Words& out);
bool check_long_order(OperatorDevice& device, const Words& in, Words& out);

// check_epilogue.cpp
bool check_product_with_epilogue(OperatorDevice& device, std::string_view specification,
                                 const Words& in, Words& out);
bool check_large_product_with_epilogue(OperatorDevice& device, std::string_view specification,
                                       const Words& in, Words& out);

// check_digest.cpp
bool check_digest_of_floats(OperatorDevice& device, const Words& in, Words& out);
bool check_digest_of_integers(OperatorDevice& device, const Words& in, Words& out);
bool check_digest_of_long_floats(OperatorDevice& device, const Words& in, Words& out);
bool check_digest_of_long_integers(OperatorDevice& device, const Words& in, Words& out);

// check_metric.cpp
bool check_metrics_of_classes(OperatorDevice& device, const Words& in, Words& out);
bool check_metrics_of_numbers(OperatorDevice& device, const Words& in, Words& out);

// check_random.cpp
bool check_philox(OperatorDevice& device, const Words& in, Words& out);
bool check_random_word(OperatorDevice& device, const Words& in, Words& out);
bool check_random_key(OperatorDevice& device, const Words& in, Words& out);
bool check_shuffle(OperatorDevice& device, const Words& in, Words& out);
bool check_split(OperatorDevice& device, const Words& in, Words& out);
bool check_initialisation(OperatorDevice& device, const Words& in, Words& out);
bool check_dropout(OperatorDevice& device, const Words& in, Words& out);
bool check_dropout_of(OperatorDevice& device, const Words& in, Words& out);

// check_fitted.cpp
bool check_fitted_feature(OperatorDevice& device, std::string_view name, const Words& in,
                          Words& out);
bool check_impute(OperatorDevice& device, std::string_view statistic, const Words& in, Words& out);
bool check_target_scale(OperatorDevice& device, const Words& in, Words& out);

// check_training.cpp
bool check_activation(OperatorDevice& device, const Words& in, Words& out);
bool check_layer_norm(OperatorDevice& device, const Words& in, Words& out);
bool check_layer_norm_of(OperatorDevice& device, const Words& in, Words& out);
bool check_softmax(OperatorDevice& device, const Words& in, Words& out);
bool check_loss(OperatorDevice& device, const Words& in, Words& out);
bool check_loss_of(OperatorDevice& device, const Words& in, Words& out);
bool check_class_weights(OperatorDevice& device, const Words& in, Words& out);
bool check_schedule(OperatorDevice& device, const Words& in, Words& out);
bool check_clipping(OperatorDevice& device, const Words& in, Words& out);
bool check_optimizer(OperatorDevice& device, const Words& in, Words& out);
bool check_optimizer_of(OperatorDevice& device, const Words& in, Words& out);

}  // namespace reprotrain::kernels

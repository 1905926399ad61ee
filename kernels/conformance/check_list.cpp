// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/check_list.h"

#include <algorithm>
#include <array>

#include "kernels/conformance/check_functions.h"

namespace reprotrain::kernels {
namespace {

/// A name that is a template argument.
template <size_t kSize>
struct Name {
  consteval Name(const char (&text)[kSize]) { std::copy_n(text, kSize, characters); }
  constexpr std::string_view view() const { return {characters, kSize - 1}; }
  char characters[kSize];
};

using NamedCheck = bool (*)(OperatorDevice& device, std::string_view name, const Words& in,
                            Words& out);

template <NamedCheck kCheck, Name kName>
bool bound(OperatorDevice& device, const Words& in, Words& out) {
  return kCheck(device, kName.view(), in, out);
}

constexpr std::string_view kElementary = "elementary32-v1-draft";
constexpr std::string_view kSums = "exact-sum-v1-draft";
constexpr std::string_view kFeatures = "features-v1-draft";
constexpr std::string_view kPhilox = "philox-v1-draft";
constexpr std::string_view kLayers = "layers-v1-draft";
constexpr std::string_view kConv = "conv-v1-draft";
constexpr std::string_view kPooling = "pooling-v1-draft";
constexpr std::string_view kBatchNorms = "batch-norm-v1-draft";
constexpr std::string_view kConvFile = "conv.kat";
constexpr std::string_view kTraining = "training.kat";

constexpr Invariance kElementwise{true, false, "each element by itself"};
constexpr Invariance kIndexed{true, false, "each element by itself, given its logical index"};
constexpr Invariance kProduct{true, false, "each element of C by itself; terms in ascending k"};
constexpr Invariance kExactProduct{
    true, true, "each element of C by itself; terms in any order, cut into any parts"};
constexpr Invariance kSum{false, true, "terms in any order, cut into any parts"};
constexpr Invariance kColumns{true, true,
                              "each column by itself; rows in any order, cut into any parts"};
constexpr Invariance kLanes{false, false, "lanes in any order, given their logical index"};
constexpr Invariance kRows{true, false, "each row by itself; a row in 32 lanes and a tree"};
constexpr Invariance kRowsAndSums{
    false, false, "rows by themselves; sums over rows in any order; the number of rows counts"};
constexpr Invariance kFitted{
    false, false, "rows of the fit in any order, cut into any parts; then each element by itself"};
constexpr Invariance kImpute{
    false, true, "rows of the fit in any order, cut into any parts; then each element by itself"};
constexpr Invariance kConvolution{true, false, "each image by itself; terms as in the product"};
constexpr Invariance kWeightGradient{
    false, false,
    "each column by itself; terms in ascending (image, y, x), or any for integer slices"};
constexpr Invariance kIndexedImages{true, false, "each image by itself, given its row"};
constexpr Invariance kImages{true, false, "each image by itself; sums in the order of windows"};
constexpr Invariance kImageLanes{true, false,
                                 "each image by itself; pixels in 32 lanes and a tree"};
constexpr Invariance kBatchNorm{false, false,
                                "each channel by itself; sums over values in any order, cut into "
                                "any parts; their number counts"};
constexpr Invariance kWhole{false, false, "the whole input at once"};

// clang-format off
constexpr std::array kChecks = {
    ConformanceCheck{"exp", kElementary, "elementary.kat", "exp", bound<check_elementary, "exp">, kElementwise},
    ConformanceCheck{"log", kElementary, "elementary.kat", "log", bound<check_elementary, "log">, kElementwise},
    ConformanceCheck{"log1p", kElementary, "elementary.kat", "log1p", bound<check_elementary, "log1p">, kElementwise},
    ConformanceCheck{"expm1", kElementary, "elementary.kat", "expm1", bound<check_elementary, "expm1">, kElementwise},
    ConformanceCheck{"tanh", kElementary, "elementary.kat", "tanh", bound<check_elementary, "tanh">, kElementwise},
    ConformanceCheck{"sigmoid", kElementary, "elementary.kat", "sigmoid", bound<check_elementary, "sigmoid">, kElementwise},
    ConformanceCheck{"erf", kElementary, "elementary.kat", "erf", bound<check_elementary, "erf">, kElementwise},
    ConformanceCheck{"gelu", kElementary, "elementary.kat", "gelu", bound<check_elementary, "gelu">, kElementwise},
    ConformanceCheck{"gelu_derivative", kElementary, "elementary.kat", "gelu_derivative", bound<check_elementary, "gelu_derivative">, kElementwise},
    ConformanceCheck{"cospi_unit", "schedules-v1-draft", "elementary.kat", "cospi_unit", check_cospi_unit, kElementwise},
    ConformanceCheck{"power_of", "schedules-v1-draft", "elementary.kat", "power_of", check_power_of, kElementwise},
    ConformanceCheck{"schedule", "schedules-v1-draft", kTraining, "schedule", check_schedule, kElementwise},
    ConformanceCheck{"matrix_product", "fma32-v1-draft", "matmul.kat", "product", bound<check_product, "fma32">, kProduct},
    ConformanceCheck{"matrix_product/large", "fma32-v1-draft", "large_products.kat", "fma32", bound<check_large_product, "fma32">, kProduct},
    ConformanceCheck{"matrix_product of 2 slices", "int8x2-v1-draft", "sliced_matmul.kat", "int8x2", bound<check_product, "int8x2">, kExactProduct},
    ConformanceCheck{"matrix_product of 2 slices/large", "int8x2-v1-draft", "large_products.kat", "int8x2", bound<check_large_product, "int8x2">, kExactProduct},
    ConformanceCheck{"matrix_product of 2 slices/words", "int8x2-v1-draft", "sliced_matmul.kat", "int8x2_words", bound<check_product_of_words, "int8x2">, kExactProduct},
    ConformanceCheck{"matrix_product of 2 slices/periodic", "int8x2-v1-draft", "sliced_matmul.kat", "int8x2_periodic", bound<check_periodic_product, "int8x2">, kExactProduct},
    ConformanceCheck{"matrix_product of 3 slices", "int8x3-v1-draft", "sliced_matmul.kat", "int8x3", bound<check_product, "int8x3">, kExactProduct},
    ConformanceCheck{"matrix_product of 3 slices/large", "int8x3-v1-draft", "large_products.kat", "int8x3", bound<check_large_product, "int8x3">, kExactProduct},
    ConformanceCheck{"matrix_product of 3 slices/words", "int8x3-v1-draft", "sliced_matmul.kat", "int8x3_words", bound<check_product_of_words, "int8x3">, kExactProduct},
    ConformanceCheck{"matrix_product of 3 slices/periodic", "int8x3-v1-draft", "sliced_matmul.kat", "int8x3_periodic", bound<check_periodic_product, "int8x3">, kExactProduct},
    ConformanceCheck{"matrix_product with epilogue", "fma32-v1-draft", "matmul.kat", "product", bound<check_product_with_epilogue, "fma32">, kProduct},
    ConformanceCheck{"matrix_product with epilogue/large", "fma32-v1-draft", "large_products.kat", "fma32", bound<check_large_product_with_epilogue, "fma32">, kProduct},
    ConformanceCheck{"matrix_product of 2 slices with epilogue", "int8x2-v1-draft", "sliced_matmul.kat", "int8x2", bound<check_product_with_epilogue, "int8x2">, kExactProduct},
    ConformanceCheck{"matrix_product of 2 slices with epilogue/large", "int8x2-v1-draft", "large_products.kat", "int8x2", bound<check_large_product_with_epilogue, "int8x2">, kExactProduct},
    ConformanceCheck{"matrix_product of 3 slices with epilogue", "int8x3-v1-draft", "sliced_matmul.kat", "int8x3", bound<check_product_with_epilogue, "int8x3">, kExactProduct},
    ConformanceCheck{"matrix_product of 3 slices with epilogue/large", "int8x3-v1-draft", "large_products.kat", "int8x3", bound<check_large_product_with_epilogue, "int8x3">, kExactProduct},
    ConformanceCheck{"exact_sum", kSums, "exact_sum.kat", "terms", check_sum_of_terms, kSum},
    ConformanceCheck{"exact_sum/long", kSums, "exact_sum.kat", "generated", check_long_sum_of_terms, kSum},
    ConformanceCheck{"exact_sum/binary64", kSums, "exact_sum.kat", "doubles", check_sum_of_doubles, kSum},
    ConformanceCheck{"exact_sum_of_squares", kSums, "exact_sum.kat", "terms", check_sum_of_squares, kSum},
    ConformanceCheck{"exact_sum_of_squares/long", kSums, "exact_sum.kat", "generated", check_long_sum_of_squares, kSum},
    ConformanceCheck{"exact_sum_of_products", kSums, "exact_sum.kat", "products", check_sum_of_products, kSum},
    ConformanceCheck{"norm", kSums, "exact_sum.kat", "norm", check_norm, kSum},
    ConformanceCheck{"column_sums", kSums, "exact_sum.kat", "column_sums", check_column_sums, kColumns},
    ConformanceCheck{"column_moments", kSums, "exact_sum.kat", "moments", check_moments, kSum},
    ConformanceCheck{"column_moments/long", kSums, "exact_sum.kat", "generated", check_long_moments, kSum},
    ConformanceCheck{"column_order", kSums, "exact_sum.kat", "moments", check_order, kSum},
    ConformanceCheck{"column_order/long", kSums, "exact_sum.kat", "generated", check_long_order, kSum},
    ConformanceCheck{"philox", kPhilox, "philox.kat", "philox", check_philox, kIndexed},
    ConformanceCheck{"random_word", kPhilox, "philox.kat", "word", check_random_word, kIndexed},
    ConformanceCheck{"random_key", kPhilox, "philox.kat", "key", check_random_key, kIndexed},
    ConformanceCheck{"shuffle", "shuffle-v1-draft", "philox.kat", "shuffle", check_shuffle, kWhole},
    ConformanceCheck{"split", "shuffle-v1-draft", "split.kat", "split", check_split, kWhole},
    ConformanceCheck{"initialisation", "initialisation-v1-draft", kTraining, "initialisation", check_initialisation, kIndexed},
    ConformanceCheck{"dropout", kLayers, kTraining, "dropout", check_dropout, kIndexed},
    ConformanceCheck{"dropout/families", kLayers, kTraining, "dropout_of", check_dropout_of, kIndexed},
    ConformanceCheck{"activation", kLayers, kTraining, "activation", check_activation, kElementwise},
    ConformanceCheck{"layer_norm", kLayers, kTraining, "layer_norm", check_layer_norm, kRowsAndSums},
    ConformanceCheck{"layer_norm/families", kLayers, kTraining, "layer_norm_of", check_layer_norm_of, kRowsAndSums},
    ConformanceCheck{"convolution", kConv, kConvFile, "conv_forward", check_convolution, kConvolution},
    ConformanceCheck{"convolution weight gradient", kConv, kConvFile, "conv_weight_gradient", check_convolution_weight_gradient, kWeightGradient},
    ConformanceCheck{"convolution input gradient", kConv, kConvFile, "conv_input_gradient", check_convolution_input_gradient, kConvolution},
    ConformanceCheck{"max_pooling", kPooling, kConvFile, "max_pooling", bound<check_pooling, "max">, kImages},
    ConformanceCheck{"average_pooling", kPooling, kConvFile, "average_pooling", bound<check_pooling, "average">, kImages},
    ConformanceCheck{"global_average", kPooling, kConvFile, "global_average", check_global_average, kImageLanes},
    ConformanceCheck{"image_moves", "network-v1-draft", kConvFile, "image_moves", check_image_moves, kIndexedImages},
    ConformanceCheck{"batch_norm", kBatchNorms, kConvFile, "batch_norm", check_batch_norm, kBatchNorm},
    ConformanceCheck{"batch_norm_inference", kBatchNorms, kConvFile, "batch_norm_inference", check_batch_norm_inference, kElementwise},
    ConformanceCheck{"softmax", "losses-v1-draft", kTraining, "softmax", check_softmax, kRows},
    ConformanceCheck{"loss", "losses-v1-draft", kTraining, "loss", check_loss, kRowsAndSums},
    ConformanceCheck{"loss/families", "losses-v1-draft", kTraining, "loss_of", check_loss_of, kRowsAndSums},
    ConformanceCheck{"class_weights", "training-v1-draft", kTraining, "class_weights", check_class_weights, kWhole},
    ConformanceCheck{"target_scale", "training-v1-draft", kTraining, "target_scale", check_target_scale, kFitted},
    ConformanceCheck{"clipping", "optimizers-v1-draft", kTraining, "clipping", check_clipping, kSum},
    ConformanceCheck{"optimizer", "optimizers-v1-draft", kTraining, "optimizer", check_optimizer, kElementwise},
    ConformanceCheck{"optimizer/families", "optimizers-v1-draft", kTraining, "optimizer_of", check_optimizer_of, kElementwise},
    ConformanceCheck{"clip", kFeatures, "feature.kat", "clip", bound<check_feature, "clip">, kElementwise},
    ConformanceCheck{"log1p feature", kFeatures, "feature.kat", "log1p", bound<check_feature, "log1p">, kElementwise},
    ConformanceCheck{"min_max", kFeatures, "feature.kat", "min_max", bound<check_feature, "min_max">, kElementwise},
    ConformanceCheck{"standardize", kFeatures, "feature.kat", "standardize", bound<check_feature, "standardize">, kElementwise},
    ConformanceCheck{"min_max/fitted", kFeatures, "feature.kat", "fitted_min_max", bound<check_fitted_feature, "min_max">, kFitted},
    ConformanceCheck{"standardize/fitted", kFeatures, "feature.kat", "fitted_standardize", bound<check_fitted_feature, "standardize">, kFitted},
    ConformanceCheck{"impute_mean", kFeatures, "feature.kat", "fitted_impute_mean", bound<check_impute, "mean">, kImpute},
    ConformanceCheck{"impute_median", kFeatures, "feature.kat", "fitted_impute_median", bound<check_impute, "median">, kImpute},
    ConformanceCheck{"impute_most_frequent", kFeatures, "feature.kat", "fitted_impute_most_frequent", bound<check_impute, "most_frequent">, kImpute},
    ConformanceCheck{"metrics of classes", "metrics-v1-draft", "metric.kat", "classes", check_metrics_of_classes, kSum},
    ConformanceCheck{"metrics of numbers", "metrics-v1-draft", "metric.kat", "numbers", check_metrics_of_numbers, kSum},
    ConformanceCheck{"tile_digest/binary32", kTileDigestId, "tile_digest.kat", "floats", check_digest_of_floats, kLanes},
    ConformanceCheck{"tile_digest/int64", kTileDigestId, "tile_digest.kat", "int64", check_digest_of_integers, kLanes},
    ConformanceCheck{"tile_digest/binary32/long", kTileDigestId, "tile_digest.kat", "generated", check_digest_of_long_floats, kLanes},
    ConformanceCheck{"tile_digest/int64/long", kTileDigestId, "tile_digest.kat", "counting", check_digest_of_long_integers, kLanes},
};
// clang-format on

}  // namespace

std::span<const ConformanceCheck> conformance_checks() { return kChecks; }

}  // namespace reprotrain::kernels

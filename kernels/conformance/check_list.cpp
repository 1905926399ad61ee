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

// clang-format off
constexpr std::array kChecks = {
    ConformanceCheck{"exp", kElementary, "elementary.kat", "exp", bound<check_elementary, "exp">},
    ConformanceCheck{"log", kElementary, "elementary.kat", "log", bound<check_elementary, "log">},
    ConformanceCheck{"log1p", kElementary, "elementary.kat", "log1p", bound<check_elementary, "log1p">},
    ConformanceCheck{"expm1", kElementary, "elementary.kat", "expm1", bound<check_elementary, "expm1">},
    ConformanceCheck{"tanh", kElementary, "elementary.kat", "tanh", bound<check_elementary, "tanh">},
    ConformanceCheck{"sigmoid", kElementary, "elementary.kat", "sigmoid", bound<check_elementary, "sigmoid">},
    ConformanceCheck{"erf", kElementary, "elementary.kat", "erf", bound<check_elementary, "erf">},
    ConformanceCheck{"gelu", kElementary, "elementary.kat", "gelu", bound<check_elementary, "gelu">},
    ConformanceCheck{"gelu_derivative", kElementary, "elementary.kat", "gelu_derivative", bound<check_elementary, "gelu_derivative">},
    ConformanceCheck{"cospi_unit", "schedules-v1-draft", "elementary.kat", "cospi_unit", check_cospi_unit},
    ConformanceCheck{"power_of", "schedules-v1-draft", "elementary.kat", "power_of", check_power_of},
    ConformanceCheck{"matrix_product", "fma32-v1-draft", "matmul.kat", "product", bound<check_product, "fma32">},
    ConformanceCheck{"exact_sum", kSums, "exact_sum.kat", "terms", check_sum_of_terms},
    ConformanceCheck{"exact_sum/long", kSums, "exact_sum.kat", "generated", check_long_sum_of_terms},
    ConformanceCheck{"exact_sum/binary64", kSums, "exact_sum.kat", "doubles", check_sum_of_doubles},
    ConformanceCheck{"exact_sum_of_squares", kSums, "exact_sum.kat", "terms", check_sum_of_squares},
    ConformanceCheck{"exact_sum_of_squares/long", kSums, "exact_sum.kat", "generated", check_long_sum_of_squares},
    ConformanceCheck{"column_moments", kSums, "exact_sum.kat", "moments", check_moments},
    ConformanceCheck{"column_moments/long", kSums, "exact_sum.kat", "generated", check_long_moments},
    ConformanceCheck{"column_order", kSums, "exact_sum.kat", "moments", check_order},
    ConformanceCheck{"philox", kPhilox, "philox.kat", "philox", check_philox},
    ConformanceCheck{"random_word", kPhilox, "philox.kat", "word", check_random_word},
    ConformanceCheck{"random_key", kPhilox, "philox.kat", "key", check_random_key},
    ConformanceCheck{"shuffle", "shuffle-v1-draft", "philox.kat", "shuffle", check_shuffle},
    ConformanceCheck{"initialisation", "initialisation-v1-draft", "training.kat", "initialisation", check_initialisation},
    ConformanceCheck{"dropout", kLayers, "training.kat", "dropout", check_dropout},
    ConformanceCheck{"layer_norm", kLayers, "training.kat", "layer_norm", check_layer_norm},
    ConformanceCheck{"loss", "losses-v1-draft", "training.kat", "loss", check_loss},
    ConformanceCheck{"optimizer", "optimizers-v1-draft", "training.kat", "optimizer", check_optimizer},
    ConformanceCheck{"clip", kFeatures, "feature.kat", "clip", bound<check_feature, "clip">},
    ConformanceCheck{"log1p feature", kFeatures, "feature.kat", "log1p", bound<check_feature, "log1p">},
    ConformanceCheck{"min_max", kFeatures, "feature.kat", "min_max", bound<check_feature, "min_max">},
    ConformanceCheck{"standardize", kFeatures, "feature.kat", "standardize", bound<check_feature, "standardize">},
    ConformanceCheck{"metrics of classes", "metrics-v1-draft", "metric.kat", "classes", check_metrics_of_classes},
    ConformanceCheck{"metrics of numbers", "metrics-v1-draft", "metric.kat", "numbers", check_metrics_of_numbers},
    ConformanceCheck{"tile_digest/binary32", kTileDigestId, "tile_digest.kat", "floats", check_digest_of_floats},
    ConformanceCheck{"tile_digest/int64", kTileDigestId, "tile_digest.kat", "int64", check_digest_of_integers},
    ConformanceCheck{"tile_digest/binary32/long", kTileDigestId, "tile_digest.kat", "generated", check_digest_of_long_floats},
    ConformanceCheck{"tile_digest/int64/long", kTileDigestId, "tile_digest.kat", "counting", check_digest_of_long_integers},
};
// clang-format on

}  // namespace

std::span<const ConformanceCheck> conformance_checks() { return kChecks; }

}  // namespace reprotrain::kernels

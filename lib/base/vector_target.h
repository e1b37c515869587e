// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <type_traits>

#include "base/environment.h"

/// Vector code is compiled by Highway for several kinds of processors. The best that this processor runs is
/// chosen here, because libhwy, which would do it, measures the clock for 5 ms at the start of each program.
/// To be included in front of <hwy/foreach_target.h>.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)

namespace mrf::base {

/// What Highway 1.0 asks of the processors that it calls by these names; each has what those before it have.
enum class VectorTarget { baseline, sse4, avx2, avx3 };

/// Names a target, for the tests: what is above it is not used.
inline constexpr const char* vector_target_variable = "MRF_VECTOR_TARGET";

/// Of the processor that this runs on.
inline VectorTarget processor_target() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("aes") ||
      !__builtin_cpu_supports("pclmul"))
    return VectorTarget::baseline;
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("fma"))
    return VectorTarget::sse4;
  const bool has_avx3 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512cd");
  return has_avx3 ? VectorTarget::avx3 : VectorTarget::avx2;
#else
  return VectorTarget::baseline;
#endif
}

/// What is used here: processor_target(), or vector_target_variable where that is less.
inline VectorTarget vector_target() {
  const std::string name = environment(vector_target_variable);
  VectorTarget most = VectorTarget::avx3;
  if (name == "baseline") most = VectorTarget::baseline;
  if (name == "sse4") most = VectorTarget::sse4;
  if (name == "avx2") most = VectorTarget::avx2;
  return std::min(processor_target(), most);
}

/// The best of some versions of a function for `target`; a version that was not compiled is null.
template <class Function>
Function* best_version(VectorTarget target, Function* baseline, std::type_identity_t<Function>* sse4,
                       std::type_identity_t<Function>* avx2, std::type_identity_t<Function>* avx3) noexcept {
  if (target >= VectorTarget::avx3 && avx3 != nullptr) return avx3;
  if (target >= VectorTarget::avx2 && avx2 != nullptr) return avx2;
  if (target >= VectorTarget::sse4 && sse4 != nullptr) return sse4;
  return baseline;
}

}  // namespace mrf::base

/// A pointer to the best version of a function for this processor; where HWY_ONCE is true.
#define MRF_BEST_VERSION(function)                                                    \
  mrf::base::best_version(mrf::base::vector_target(), &HWY_STATIC_DISPATCH(function), \
                          HWY_CHOOSE_SSE4(function), HWY_CHOOSE_AVX2(function), HWY_CHOOSE_AVX3(function))

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the constants of the elementary functions (needs mpmath):

    generate_elementary_tables.py | clang-format > kernels/elementwise/elementary_table.h
    generate_elementary_tables.py --pairs | clang-format > kernels/elementwise/elementary_pair_table.h
    generate_elementary_tables.py --quick | clang-format > kernels/elementwise/elementary_quick_table.h

Each polynomial interpolates its function at Chebyshev nodes with 200-bit arithmetic; its coefficients
are then rounded to binary64. The error printed beside it is measured with the *rounded* coefficients,
as the largest relative error at 5,000 Chebyshev-spaced points. Nothing here decides a result: a
coefficient that is wrong makes the exhaustive test report a mismatch.

--pairs prints those of the estimates in binary32 pairs: the leading coefficients of a polynomial are rounded to a pair of
binary32 numbers each, the rest to one. --quick prints those of the quick estimates in binary64.
"""
import struct
import sys

import mpmath as mp

mp.mp.prec = 200
N_CHECKS = 5000


def hex_of(value):
    return float(value).hex()


def chebyshev_interpolant(f, low, high, degree):
    """Monomial coefficients, ascending, of the polynomial through f at degree+1 Chebyshev nodes."""
    middle, half = (mp.mpf(low) + high) / 2, (mp.mpf(high) - low) / 2
    n = degree + 1
    nodes = [mp.cos(mp.pi * (2 * k + 1) / (2 * n)) for k in range(n)]
    values = [f(middle + half * u) for u in nodes]
    chebyshev = [(1 if j == 0 else 2) / mp.mpf(n)
                 * mp.fsum(v * mp.cos(mp.pi * j * (2 * k + 1) / (2 * n)) for k, v in enumerate(values))
                 for j in range(n)]
    # T_j in powers of u, then u = (x - middle) / half.
    in_u = [mp.mpf(0)] * n
    previous, current = [mp.mpf(1)], [mp.mpf(0), mp.mpf(1)]
    for j in range(n):
        t = previous
        for power, c in enumerate(t):
            in_u[power] += chebyshev[j] * c
        following = [mp.mpf(0)] + [2 * c for c in current]
        for power, c in enumerate(previous):
            following[power] -= c
        previous, current = current, following
    result = [mp.mpf(0)] * n
    binomial_row = [mp.mpf(1)]
    for power in range(n):
        for i, b in enumerate(binomial_row):
            result[i] += in_u[power] * b
        shifted = [mp.mpf(0)] * (len(binomial_row) + 1)
        for i, b in enumerate(binomial_row):
            shifted[i + 1] += b / half
            shifted[i] -= b * middle / half
        binomial_row = shifted
    return result


def polynomial(name, argument, comment, f, low, high, degree):
    """Prints one RPT_HD function that evaluates the rounded polynomial by Horner's scheme."""
    coefficients = [mp.mpf(float(c)) for c in chebyshev_interpolant(f, low, high, degree)]
    worst, growth = mp.mpf(0), mp.mpf(0)
    middle, half = (mp.mpf(low) + high) / 2, (mp.mpf(high) - low) / 2
    for k in range(N_CHECKS + 1):
        x = middle + half * mp.cos(mp.pi * k / N_CHECKS)
        exact = f(x)
        worst = max(worst, abs(mp.polyval(coefficients[::-1], x) / exact - 1))
        terms = mp.fsum((2 * i + 1) * abs(c * x**i) for i, c in enumerate(coefficients))
        growth = max(growth, terms / abs(exact))
    print(f"/// {comment}")
    print(f"/// Approximation error 2^{mp.nstr(mp.log(worst, 2), 4)}, Horner rounding error below "
          f"{mp.nstr(growth, 3)} x 2^-53, both relative.")
    print(f"RPT_HD double {name}(double {argument}) {{")
    print(f"  return horner({argument}, " + ", ".join(hex_of(c) for c in coefficients) + ");")
    print("}\n")


def quick_polynomial(name, argument, comment, f, low, high, degree):
    """Prints a template that evaluates the rounded polynomial in groups of four terms."""
    coefficients = [mp.mpf(float(c)) for c in chebyshev_interpolant(f, low, high, degree)]
    middle, half = (mp.mpf(low) + high) / 2, (mp.mpf(high) - low) / 2
    worst, growth = mp.mpf(0), mp.mpf(0)
    for k in range(N_CHECKS + 1):
        x = middle + half * mp.cos(mp.pi * k / N_CHECKS)
        exact = f(x)
        worst = max(worst, abs(mp.polyval(coefficients[::-1], x) / exact - 1))
        growth = max(growth, mp.fsum(abs(c * x**i) for i, c in enumerate(coefficients)) / abs(exact))
    print(f"/// {comment}")
    print(f"/// Approximation error 2^{mp.nstr(mp.log(worst, 2), 4)}, relative; terms add up to "
          f"{mp.nstr(growth, 3)} times the value.")
    print("template <typename MultiplyAdd>")
    print(f"RPT_HD double {name}(double {argument}) {{")
    print(f"  return quick_polynomial<MultiplyAdd>({argument}, " + ", ".join(hex_of(c) for c in coefficients) + ");")
    print("}\n")


def taylor_polynomial(name, argument, comment, coefficients):
    """Prints one RPT_HD function whose rounded coefficients are part of a definition."""
    print(f"/// {comment}")
    print(f"RPT_HD double {name}(double {argument}) {{")
    print(f"  return horner({argument}, " + ", ".join(hex_of(c) for c in coefficients) + ");")
    print("}\n")


def pieces_of(value, widths):
    """Splits value into binary64 pieces; piece i keeps widths[i] significant bits."""
    result = []
    for width in widths:
        exponent = int(mp.floor(mp.log(abs(value), 2)))
        step = mp.mpf(2) ** (exponent - width + 1)
        piece = mp.nint(value / step) * step
        result.append(piece)
        value -= piece
    return result


def expm1_over(r):
    return mp.mpf(1) if r == 0 else mp.expm1(r) / r


def atanh_over(w):  # 2 atanh(sqrt(w)) / sqrt(w)
    return mp.mpf(2) if w == 0 else 2 * mp.atanh(mp.sqrt(w)) / mp.sqrt(w)


def erf_over(w):  # erf(sqrt(w)) / sqrt(w)
    return 2 / mp.sqrt(mp.pi) if w == 0 else mp.erf(mp.sqrt(w)) / mp.sqrt(w)


def mills(x):
    return mp.sqrt(mp.pi / 2) * mp.exp(x * x / 2) * mp.erfc(x / mp.sqrt(2))


def as_float(value):
    """value rounded to binary32 (by way of binary64)."""
    return mp.mpf(struct.unpack("f", struct.pack("f", float(value)))[0])


def pair_of(value, follower):
    """The pair of a leading coefficient, to which quick_two_sum adds a number of size `follower` or less.

    That is exact where the high part is a multiple of the last place of what is added: it gets fewer bits where the
    follower is larger. The low part is 0 where that is below 2^-37 of the coefficient.
    """
    excess = 0 if follower <= abs(value) else int(mp.ceil(mp.log(follower / abs(value), 2))) + 1
    high = pieces_of(value, [24 - excess])[0]
    low = as_float(value - high)
    return high, low if abs(low) > abs(high) * mp.mpf(2)**-37 else mp.mpf(0)


def pair_text(high, low):
    return f"FloatPair{{{hex_of(high)}f, {hex_of(low)}f}}" if low != 0 else f"{hex_of(high)}f"


def pair_polynomial(name, argument, comment, f, low, high, degree, n_pairs):
    """Prints a template that evaluates a polynomial with n_pairs leading coefficients in pairs.

    `argument` is "float r" or "FloatPair w". The rounding error counts the binary32 rest alone: one rounding per step and
    one where it joins the pairs, and the low part of the argument; pairs lose about 2^-44 per step.
    """
    exact_coefficients = chebyshev_interpolant(f, low, high, degree)
    reach = max(abs(mp.mpf(low)), abs(high))
    followers = [mp.fsum(abs(c) * reach**(j + 1) for j, c in enumerate(exact_coefficients[i + 1:])) for i in range(n_pairs)]
    leading = [pair_of(c, f) for c, f in zip(exact_coefficients, followers)]
    rest = [as_float(c) for c in exact_coefficients[n_pairs:]]
    coefficients = [h + l for h, l in leading] + rest
    worst, rounding = mp.mpf(0), mp.mpf(0)
    middle, half = (mp.mpf(low) + high) / 2, (mp.mpf(high) - low) / 2
    for k in range(N_CHECKS + 1):
        x = middle + half * mp.cos(mp.pi * k / N_CHECKS)
        exact = f(x)
        worst = max(worst, abs(mp.polyval(coefficients[::-1], x) / exact - 1))
        terms = mp.fsum((i + 3) * abs(c * x**(n_pairs + i)) for i, c in enumerate(rest))
        terms += abs(leading[-1][1] * x**(n_pairs - 1)) + n_pairs * mp.mpf(2)**-20 * abs(exact)
        rounding = max(rounding, terms * mp.mpf(2)**-24 / abs(exact))
    variable = argument.split()[1]
    first = variable if argument.startswith("float") else f"{variable}.hi"
    print(f"/// {comment}")
    print(f"/// Approximation error 2^{mp.nstr(mp.log(worst, 2), 4)}, rounding error below "
          f"2^{mp.nstr(mp.log(rounding, 2), 4)}, both relative.")
    print("template <typename Fma>")
    print(f"RPT_HD FloatPair {name}({argument}) {{")
    print(f"  const float rest = fused_horner<Fma>({first}, " + ", ".join(f"{hex_of(c)}f" for c in rest) + ");")
    print(f"  return pair_horner<Fma>({variable}, rest, " + ", ".join(pair_text(*c) for c in leading) + ");")
    print("}\n")


def print_pair_constant(comment, name, value):
    high = as_float(value)
    print(f"/// {comment}")
    print(f"RPT_HD FloatPair {name}() {{ return {{{hex_of(high)}f, {hex_of(as_float(value - high))}f}}; }}")


def print_pair_table():
    print("// SPDX-License-Identifier: Apache-2.0")
    print("// Constants of the estimates in binary32 pairs. Printed by scripts/generate_elementary_tables.py --pairs;")
    print("// change the script, not this file.")
    print("#pragma once\n")
    print('#include "kernels/base/hd.h"')
    print('#include "kernels/elementwise/float_pair.h"\n')
    print("namespace reprotrain::kernels::rounded {\n")
    ln2 = mp.log(2)
    print(f"inline constexpr float kPairReciprocalLn2 = {hex_of(as_float(1 / ln2))}f;")
    print("/// ln 2 in two pieces of 24 bits.")
    print(f"inline constexpr float kPairLn2High = {hex_of(as_float(ln2))}f;")
    print(f"inline constexpr float kPairLn2Low = {hex_of(as_float(ln2 - as_float(ln2)))}f;")
    print_pair_constant("1 / sqrt(2 pi)", "inverse_sqrt_two_pi_pair", 1 / mp.sqrt(2 * mp.pi))
    print_pair_constant("sqrt 2", "sqrt_two_pair", mp.sqrt(2))
    print()
    pair_polynomial("expm1_over_r_in_pairs", "float r", "(e^r - 1) / r for |r| <= 0.34661.", expm1_over,
                    -mp.mpf("0.34661"), mp.mpf("0.34661"), 8, 4)
    pair_polynomial("twice_atanh_series_in_pairs", "FloatPair w", "2 atanh(s) / s with w = s^2, for w <= 0.029440.",
                    atanh_over, 0, mp.mpf("0.029440"), 5, 2)
    pair_polynomial("erf_series_in_pairs", "FloatPair w", "erf(z) / z with w = z^2, for |z| <= 0.25.", erf_over, 0,
                    mp.mpf("0.0625"), 5, 3)
    low, high = mp.mpf(1) / mp.mpf("17.2"), mp.mpf(1) / 4
    scale, offset = as_float(2 / (high - low)), as_float((high + low) / (high - low))
    print("/// Maps x in [0, 13.2] to u = kPairMillsScale / (x + 4) - kPairMillsOffset in [-1, 1].")
    print(f"inline constexpr float kPairMillsScale = {hex_of(scale)}f;")
    print(f"inline constexpr float kPairMillsOffset = {hex_of(offset)}f;\n")
    pair_polynomial("scaled_mills_in_pairs", "FloatPair u",
                    "(x + 4) (1 - Phi(x)) / (phi(x) sqrt(2 pi)) as a function of u.",
                    lambda u: mills(scale / (u + offset) - 4) * scale / (u + offset) / mp.sqrt(2 * mp.pi), -1, 1, 15, 8)
    print("}  // namespace reprotrain::kernels::rounded")


def print_quick_table():
    print("// SPDX-License-Identifier: Apache-2.0")
    print("// Constants of the quick estimates in binary64. Printed by scripts/generate_elementary_tables.py --quick;")
    print("// change the script, not this file.")
    print("#pragma once\n")
    print('#include "kernels/base/hd.h"')
    print('#include "kernels/elementwise/quick_estimate.h"\n')
    print("namespace reprotrain::kernels::rounded {\n")
    print(f"inline constexpr double kQuickReciprocalLn2 = {hex_of(1 / mp.log(2))};")
    print(f"inline constexpr double kQuickLn2 = {hex_of(mp.log(2))};\n")
    quick_polynomial("expm1_over_r_quickly", "r", "(e^r - 1) / r for |r| <= 0.34661.", expm1_over, -mp.mpf("0.34661"),
                     mp.mpf("0.34661"), 7)
    quick_polynomial("twice_atanh_series_quickly", "w", "2 atanh(s) / s with w = s^2, for w <= 0.029440.", atanh_over, 0,
                     mp.mpf("0.029440"), 4)
    reach = mp.mpf("4.0001")**2
    scale = mp.mpf(float(2 / reach))
    print("/// Maps z^2 in [0, 16] to u = kQuickErfScale z^2 - 1 in [-1, 1].")
    print(f"inline constexpr double kQuickErfScale = {hex_of(scale)};\n")
    quick_polynomial("erf_over_z_quickly", "u", "erf(z) / z as a function of u.", lambda u: erf_over((u + 1) / scale), -1,
                     1, 21)
    low, high = mp.mpf(1) / mp.mpf("18.001"), mp.mpf(1) / 5
    scale, offset = mp.mpf(float(2 / (high - low))), mp.mpf(float((high + low) / (high - low)))
    print("/// Maps a in [0, 13] to u = kQuickTailScale / (a + 5) - kQuickTailOffset in [-1, 1].")
    print(f"inline constexpr double kQuickTailScale = {hex_of(scale)};")
    print(f"inline constexpr double kQuickTailOffset = {hex_of(offset)};\n")
    quick_polynomial("scaled_mills_quickly", "u", "(a + 5) (1 - Phi(a)) e^(a^2/2) as a function of u.",
                     lambda u: mills(scale / (u + offset) - 5) * scale / (u + offset) / mp.sqrt(2 * mp.pi), -1, 1, 13)
    zero = mp.findroot(lambda a: mills(a) - a, 0.75)
    high_piece, low_piece = pieces_of(zero, [24, 53])
    print("/// The zero of 1 - Phi(a) - a phi(a); the first piece has 24 bits, so its distance to a binary32 a is exact.")
    print(f"inline constexpr double kQuickGeluZeroHigh = {hex_of(high_piece)};")
    print(f"inline constexpr double kQuickGeluZeroLow = {hex_of(low_piece)};\n")

    def slope(u):
        a = scale / (u + offset) - 5
        if abs(a - zero) < mp.mpf(10)**-20:
            a += mp.mpf(10)**-20
        return (mills(a) - a) / mp.sqrt(2 * mp.pi) / (zero - a)

    quick_polynomial("gelu_slope_quickly", "u",
                     "(1 - Phi(a) - a phi(a)) e^(a^2/2) / (zero - a) as a function of u.", slope, -1, 1, 13)
    print("}  // namespace reprotrain::kernels::rounded")


def print_table():
    print("// SPDX-License-Identifier: Apache-2.0")
    print("// Constants of the elementary functions. Printed by scripts/generate_elementary_tables.py;")
    print("// change the script, not this file.")
    print("#pragma once\n")
    print('#include "kernels/base/hd.h"')
    print('#include "kernels/elementwise/double_double.h"')
    print('#include "kernels/elementwise/horner.h"\n')
    print("namespace reprotrain::kernels::rounded {\n")
    print("inline constexpr double kReciprocalLn2 = " + hex_of(1 / mp.log(2)) + ";")
    high, low = pieces_of(mp.log(2), [42, 53])
    print("/// ln 2 in two pieces; the first has 42 bits, so its product with an integer below 2^11 is exact.")
    print(f"inline constexpr double kLn2High = {hex_of(high)};")
    print(f"inline constexpr double kLn2Low = {hex_of(low)};")
    print("/// ln 2 in three pieces of 42, 42 and 53 bits, for the accurate path.")
    a, b, c = pieces_of(mp.log(2), [42, 42, 53])
    print(f"inline constexpr double kLn2Middle = {hex_of(b)};")
    print(f"inline constexpr double kLn2Last = {hex_of(c)};")
    for name, value, what in [
            ("two_over_sqrt_pi", 2 / mp.sqrt(mp.pi), "2 / sqrt(pi)"),
            ("inverse_sqrt_two_pi", 1 / mp.sqrt(2 * mp.pi), "1 / sqrt(2 pi)")]:
        h, l = pieces_of(value, [53, 53])
        print(f"/// {what}")
        print(f"RPT_HD DoubleDouble {name}() {{ return {{{hex_of(h)}, {hex_of(l)}}}; }}")
    print(f"inline constexpr double kSqrt2 = {hex_of(mp.sqrt(2))};")
    print()
    ln2 = mp.log(2)
    polynomial("expm1_over_r", "r", "(e^r - 1) / r for |r| <= 0.34661.", expm1_over, -mp.mpf("0.34661"),
               mp.mpf("0.34661"), 10)
    polynomial("atanh_series", "w", "2 atanh(s) / s with w = s^2, for w <= 0.029440.", atanh_over, 0,
               mp.mpf("0.029440"), 7)
    polynomial("erf_series", "w", "erf(z) / z with w = z^2, for |z| <= 0.75.", erf_over, 0,
               mp.mpf("0.5625"), 10)
    low, high = mp.mpf(1) / 19, mp.mpf(1) / 4
    scale, offset = mp.mpf(float(2 / (high - low))), mp.mpf(float((high + low) / (high - low)))
    print("/// Maps x in [0, 15] to u = kMillsScale / (x + 4) - kMillsOffset in [-1, 1].")
    print(f"inline constexpr double kMillsScale = {hex_of(scale)};")
    print(f"inline constexpr double kMillsOffset = {hex_of(offset)};\n")
    polynomial("mills_polynomial", "u", "Mills ratio (1 - Phi(x)) / phi(x) as a function of u.",
               lambda u: mills(scale / (u + offset) - 4), -1, 1, 21)
    pi = mp.pi
    taylor_polynomial("cospi_series", "w", "cos(pi t) with w = t^2: (-1)^i pi^2i / (2i)!, i = 0..9.",
                      [(-1)**i * pi**(2 * i) / mp.factorial(2 * i) for i in range(10)])
    taylor_polynomial("sinpi_series", "w",
                      "sin(pi t) / t with w = t^2: (-1)^i pi^(2i+1) / (2i+1)!, i = 0..8.",
                      [(-1)**i * pi**(2 * i + 1) / mp.factorial(2 * i + 1) for i in range(9)])
    print("}  // namespace reprotrain::kernels::rounded")


if __name__ == "__main__":
    printers = {"": print_table, "--pairs": print_pair_table, "--quick": print_quick_table}
    if " ".join(sys.argv[1:]) not in printers:
        sys.exit(__doc__)
    printers[" ".join(sys.argv[1:])]()

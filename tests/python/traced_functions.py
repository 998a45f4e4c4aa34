"""Functions as people write them for `map`, `filter` and `reduce`, and hard ones.

`FUNCTIONS` and `HARD` list (name, function, kinds of its arguments): one byte per argument, 0 for
an int and 1 for a float. The ordinary ones should nearly all be traced. The hard ones test what
tracing must refuse, or must get exactly right.
"""

import functools
import math
import operator
import random
from collections.abc import Callable
from enum import IntEnum
from fractions import Fraction
from typing import Any

Corpus = list[tuple[str, Callable[..., Any], bytes]]
I, F = b"\0", b"\1"  # noqa: E741 (an int, a float)
FUNCTIONS: Corpus = []
HARD: Corpus = []
GAIN = 1.75
OFFSET = -12
LEVELS = (0, 16, 64, 255)
WEEKEND = frozenset((5, 6))
CALIBRATION = (0.5, -1.25, 3.0)


def ordinary(kinds: bytes) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put a function into the corpus."""

    def add(fn: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS.append((fn.__name__, fn, kinds))
        return fn

    return add


def hard(kinds: bytes) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put a function among the hard ones."""

    def add(fn: Callable[..., Any]) -> Callable[..., Any]:
        HARD.append((fn.__name__, fn, kinds))
        return fn

    return add


def table(corpus: Corpus, kinds: bytes, **functions: Callable[..., Any]) -> None:
    """Put several functions of the same kinds into a corpus."""
    corpus.extend((name, fn, kinds) for name, fn in functions.items())


def scaler(factor: float) -> Callable[[float], float]:
    """Return a closure."""
    return lambda x: x * factor


def clamper(low: Any, high: Any) -> Callable[[Any], Any]:
    """Return a closure over two variables."""

    def clamp(x: Any) -> Any:
        return max(low, min(x, high))

    return clamp


class Channel:
    """A calibrated channel."""

    def __init__(self, gain: float, bias: float) -> None:
        """Calibrate."""
        self.gain = gain
        self._bias = bias

    def __call__(self, x: float) -> float:
        """Convert a reading."""
        return x * self.gain + self._bias

    @property
    def limit(self) -> float:
        """The largest value."""
        return self.gain * 100.0

    def limited(self, x: float) -> float:
        """Convert a reading, and limit it."""
        return min(self(x), 5.0) if x < 0 else min(self.convert(x), self.limit)

    def convert(self, x: float) -> float:
        """Convert a reading without bias."""
        return x * self.gain


channel = Channel(2.5, -0.125)


def square(x: Any) -> Any:
    """Help other functions."""
    return x * x


def lerp(a: float, b: float, t: float) -> float:
    """Help other functions."""
    return a + (b - a) * t


table(
    FUNCTIONS, I,
    plus_one=lambda x: x + 1, double=lambda x: 2 * x, negate=lambda x: -x, half=lambda x: x // 2,
    squared=lambda x: x * x, squared_plus_one=lambda x: x * x + 1, cubed=lambda x: x**3,
    polynomial=lambda x: 3 * x * x - 5 * x + 7, last_digit=lambda x: x % 10,
    tens=lambda x: x // 10 % 10, odd=lambda x: x & 1, is_even=lambda x: x % 2 == 0,
    low_byte=lambda x: x & 0xFF, high_byte=lambda x: (x >> 8) & 0xFF,
    nibbles=lambda x: (x & 0x0F) << 4 | (x & 0xF0) >> 4, swap16=lambda x: (x & 0xFF) << 8 | x >> 8 & 0xFF,
    bit3=lambda x: x >> 3 & 1, set_bit=lambda x: x | 1 << 5, clear_bit=lambda x: x & ~(1 << 5),
    toggle=lambda x: x ^ 0b1010, inverted=lambda x: ~x, gray=lambda x: x ^ (x >> 1),
    field=lambda x: (x >> 5) & 0x3F, pack_flags=lambda x: (x & 3) << 6 | (x & 12) << 2,
    sign=lambda x: (x > 0) - (x < 0), absolute=lambda x: abs(x), relu=lambda x: max(x, 0),
    clamp8=lambda x: min(max(x, 0), 255), between=lambda x: 0 <= x < 100,
    in_table=lambda x: x in (1, 3, 5, 7), not_in_table=lambda x: x not in (0, 255),
    in_range=lambda x: x in range(10, 20), in_steps=lambda x: x in range(0, 100, 5),
    weekend=lambda x: x % 7 in WEEKEND, leap=lambda x: x % 4 == 0 and (x % 100 != 0 or x % 400 == 0),
    days_in_year=lambda x: 366 if x % 4 == 0 and (x % 100 != 0 or x % 400 == 0) else 365,
    century=lambda x: (x + 99) // 100, minutes=lambda x: x // 60 % 60, hours=lambda x: x // 3600 % 24,
    weekday=lambda x: (x + 4) % 7, to_minutes=lambda x: round(x / 60), quarter=lambda x: (x - 1) // 3 + 1,
    cents=lambda x: x * 119 // 100, rounded_cents=lambda x: (x + 2) // 5 * 5, percent=lambda x: x * 100 // 255,
    halve=lambda x: x / 2, ratio=lambda x: x / 255, to_float=lambda x: float(x), normalise=lambda x: (x - 128) / 128.0,
    celsius10=lambda x: x / 10 - 40, adc_to_volts=lambda x: x * 3.3 / 4095, adc_to_mv=lambda x: x * 3300 // 4095,
    root=lambda x: math.sqrt(x) if x >= 0 else 0.0, log2=lambda x: math.log2(x) if x > 0 else 0.0,
    decibel=lambda x: 20 * math.log10(abs(x) + 1), pcm=lambda x: x / 32768.0, invert_pixel=lambda x: 255 - x,
    threshold=lambda x: 255 if x > 127 else 0, quantise=lambda x: x // 16 * 16, posterise=lambda x: x & 0xE0,
    brighten=lambda x: min(255, x + 40), contrast=lambda x: max(0, min(255, (x - 128) * 2 + 128)),
    solarise=lambda x: x if x < 128 else 255 - x, gamma=lambda x: round(255 * (abs(x) / 255) ** 2.2),
    lcg=lambda x: (x * 1103515245 + 12345) & 0x7FFFFFFF, hash32=lambda x: (x ^ (x >> 16)) * 0x45D9F3B & 0xFFFFFFFF,
    fnv=lambda x: ((2166136261 ^ (x & 0xFF)) * 16777619) & 0xFFFFFFFF, mod11=lambda x: x * 7 % 11,
    checksum=lambda x: -(x + (x >> 8)) & 0xFF, fletcher=lambda x: (x + x * 2) % 255, parity2=lambda x: (x ^ x >> 1) & 1,
    saturate16=lambda x: -32768 if x < -32768 else 32767 if x > 32767 else x,
    sign_extend=lambda x: (x & 0x7F) - (x & 0x80), twos=lambda x: x - 256 if x > 127 else x,
    scaled=lambda x: x * GAIN + OFFSET, from_globals=lambda x: x - OFFSET, truthy=lambda x: bool(x), no=lambda x: not x,
    divide_by_it=lambda x: 1000 / x if x else 0.0, safe_mod=lambda x: 100 % x if x != 0 else -1,
    powers=lambda x: 2 ** (x & 15), shift_by=lambda x: 1 << (x & 31), triangular=lambda x: x * (x + 1) // 2,
    clamp_defaults=lambda x, lo=-5, hi=5: lo if x < lo else hi if x > hi else x, number=lambda x: int(x),
    default_gain=lambda x, *, gain=3: x * gain, walrus=lambda x: y * y if (y := x - 3) > 0 else y,
    either=lambda x: x or 7, both=lambda x: x and 7, no_branch=lambda x: (x > 5) * x, mixed=lambda x: x * 0.5 if x > 0 else x,
    divmods=lambda x: divmod(x, 7)[0] + divmod(x, 7)[1], two_of=lambda x: (10, 20)[x > 3], looked_up=lambda x: LEVELS[x & 3],
    round_tens=lambda x: round(x, -1), is_int=lambda x: 1 if isinstance(x, int) else 0, real=lambda x: x.real + x.imag,
    always=lambda x: 5, nothing=lambda x: x, ternary=lambda x: -1 if x < 0 else 0 if x == 0 else 1,
    big_compare=lambda x: x < 1e9, not_whole=lambda x: x > 2.5, equal_float=lambda x: x == 3.0, exact=lambda x: x >= 2**70,
    helper=lambda x: square(x) + square(x - 1), zero=lambda x: x - x, power_of_power=lambda x: (x & 7) ** 2 ** 2,
    floor_div_neg=lambda x: x // -3, mod_neg=lambda x: x % -7, xor_swap=lambda x: (x ^ 0x55) ^ 0xAA, plus=lambda x: +x,
)  # fmt: skip
table(
    FUNCTIONS, F,
    f_plus=lambda x: x + 1, f_double=lambda x: x * 2.0, f_halve=lambda x: x / 2, f_square=lambda x: x * x,
    f_power2=lambda x: x**2, f_power_half=lambda x: x**0.5 if x >= 0 else 0.0, f_inverse=lambda x: 1 / x, f_negate=lambda x: -x,
    f_polynomial=lambda x: ((2.0 * x - 3.5) * x + 0.25) * x - 1, fahrenheit=lambda x: x * 9 / 5 + 32,
    celsius=lambda x: (x - 32) * 5 / 9, kelvin=lambda x: x + 273.15, mph=lambda x: x * 3.6 / 1.609344, inches=lambda x: x / 2.54,
    psi=lambda x: x * 0.0689476, radians=lambda x: math.radians(x), degrees=lambda x: math.degrees(x), wrap=lambda x: x % 360,
    wrap180=lambda x: (x + 180) % 360 - 180, floor=lambda x: math.floor(x), ceil=lambda x: math.ceil(x), trunc=lambda x: math.trunc(x),
    rounded=lambda x: round(x), rounded2=lambda x: round(x, 2), rounded0=lambda x: round(x, 0), rounded_hundreds=lambda x: round(x, -2),
    whole=lambda x: int(x), fraction=lambda x: x - math.floor(x), f_abs=lambda x: abs(x), fabs=lambda x: math.fabs(x),
    f_relu=lambda x: max(x, 0.0), f_relu_int=lambda x: max(x, 0), leaky=lambda x: x if x > 0 else 0.01 * x, f_clamp=lambda x: min(max(x, -1.0), 1.0),
    f_clamp_int=lambda x: max(0, min(1, x)), sigmoid=lambda x: 1 / (1 + math.exp(-x)), softplus=lambda x: math.log1p(math.exp(x)),
    tanh=lambda x: math.tanh(x), gauss=lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi), sine=lambda x: math.sin(x), cosine=lambda x: math.cos(2 * math.pi * x),
    tangent=lambda x: math.tan(x), asin=lambda x: math.asin(x) if -1 <= x <= 1 else 0.0, acos=lambda x: math.acos(max(-1.0, min(1.0, x))),
    atan=lambda x: math.atan(x), sinh=lambda x: math.sinh(x), cosh=lambda x: math.cosh(x), asinh=lambda x: math.asinh(x), acosh=lambda x: math.acosh(x) if x >= 1 else 0.0,
    atanh=lambda x: math.atanh(x) if abs(x) < 1 else 0.0, ln=lambda x: math.log(x) if x > 0 else -math.inf, log_base=lambda x: math.log(x, 2) if x > 0 else 0.0,
    f_log10=lambda x: math.log10(x) if x > 1e-12 else -12.0, db=lambda x: 20 * math.log10(max(abs(x), 1e-9)), from_db=lambda x: 10 ** (x / 20),
    cbrt=lambda x: math.cbrt(x), exp2=lambda x: math.exp2(x), expm1=lambda x: math.expm1(x), f_sqrt=lambda x: math.sqrt(x) if x > 0 else 0.0,
    fmod=lambda x: math.fmod(x, 3.0) if math.isfinite(x) else 0.0, copysign=lambda x: math.copysign(1.0, x), is_nan=lambda x: math.isnan(x), is_inf=lambda x: math.isinf(x),
    finite=lambda x: x if math.isfinite(x) else 0.0, no_nan=lambda x: x if x == x else 0.0, close=lambda x: math.isclose(x, 1.0), close_abs=lambda x: math.isclose(x, 0, abs_tol=1e-6),
    f_sign=lambda x: (x > 0) - (x < 0), step=lambda x: 1.0 if x >= 0 else 0.0, bool_times=lambda x: (x > 0.5) * x, hard_sigmoid=lambda x: max(0.0, min(1.0, 0.2 * x + 0.5)),
    swish=lambda x: x / (1 + math.exp(-x)) if x > -500 else 0.0, smoothstep=lambda x: x * x * (3 - 2 * x) if 0 <= x <= 1 else float(x > 0),
    srgb=lambda x: 12.92 * x if x <= 0.0031308 else 1.055 * x ** (1 / 2.4) - 0.055, linear=lambda x: x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4,
    mulaw=lambda x: math.copysign(math.log1p(255 * abs(x)) / math.log1p(255), x), soft_clip=lambda x: x / (1 + abs(x)), dac=lambda x: int(max(-1.0, min(1.0, x)) * 32767),
    pixel=lambda x: max(0, min(255, round(x * 255))), bucket=lambda x: int(x // 0.25), f_floor=lambda x: x // 1, f_mod1=lambda x: x % 1.0, f_mod_neg=lambda x: x % -2.5,
    compound=lambda x: x * (1 + 0.03 / 12) ** 12, vat=lambda x: round(x * 1.19, 2), discount=lambda x: x * 0.9 if x >= 100 else x, tax=lambda x: 0.0 if x < 10000 else (x - 10000) * 0.2 if x < 50000 else 8000 + (x - 50000) * 0.4,
    dew=lambda x: 243.04 * (math.log(0.55) + 17.625 * x / (243.04 + x)), steinhart=lambda x: 1 / (0.001129 + 0.000234 * math.log(abs(x) + 1)) - 273.15, pressure=lambda x: 44330 * (1 - (abs(x) / 1013.25) ** 0.1903),
    f_gain=lambda x: x * GAIN, in_band=lambda x: 20.0 <= x <= 20000.0, out_band=lambda x: x < -1 or x > 1, f_eq=lambda x: x == 0, f_ne=lambda x: x != 1, f_truth=lambda x: bool(x), f_not=lambda x: not x, f_or=lambda x: x or 1.0, f_and=lambda x: x and 2.0,
    f_in=lambda x: x in (0.0, 1.0, 2.0), f_int_in=lambda x: x in (1, 2, 3), f_in_range=lambda x: x in range(-3, 10, 2), is_integer=lambda x: x.is_integer(), f_helper=lambda x: lerp(1.0, 3.0, x), f_conjugate=lambda x: x.conjugate() * x.real, f_pow3=lambda x: x**3, f_powm1=lambda x: x**-1 if x else 0.0, f_divmod=lambda x: divmod(x, 0.7)[1], f_float=lambda x: float(x), f_plus_sign=lambda x: +x,
    f_pow_builtin=lambda x: pow(x, 2), math_pow=lambda x: math.pow(x, 3), f_mixed=lambda x: 0 if x < 0 else x, f_nested=lambda x: abs(abs(x) - 1), f_max3=lambda x: max(x, -x, 0.5), f_tuple_max=lambda x: max((x, 1.0)), f_table=lambda x: CALIBRATION[int(x) % 3] if abs(x) < 1e6 else 0.0,
    f_atan2=lambda x: math.atan2(x, 1.0), f_identity=lambda x: x, f_const=lambda x: 2.5,
)  # fmt: skip
table(
    FUNCTIONS, I + I,
    i_add=lambda x, y: x + y, i_sub=lambda x, y: x - y, i_mul=lambda x, y: x * y, i_floordiv=lambda x, y: x // y, i_mod=lambda x, y: x % y if y else 0,
    i_div=lambda x, y: x / y, i_max=lambda x, y: max(x, y), i_min=lambda x, y: min(x, y), i_and=lambda x, y: x & y, i_xor=lambda x, y: x ^ y, i_mean=lambda x, y: (x + y) // 2,
    i_distance=lambda x, y: abs(x - y), i_less=lambda x, y: x < y, i_blend=lambda x, y: (x * 3 + y) // 4, i_pack=lambda x, y: (x & 0xFF) << 8 | y & 0xFF, i_select=lambda x, y: x if x > y else y,
    i_horner=lambda x, y: (x * 31 + y) & 0xFFFFFFFF, i_divmod=lambda x, y: sum(divmod(x, 13)) - y, i_sad=lambda x, y: x - y if x > y else y - x, i_pow=lambda x, y: (x & 7) ** (y & 3),
)  # fmt: skip
table(
    FUNCTIONS, F + F,
    d_add=lambda x, y: x + y, d_sub=lambda x, y: x - y, d_mul=lambda x, y: x * y, d_div=lambda x, y: x / y if y else math.nan, d_floordiv=lambda x, y: x // y, d_mod=lambda x, y: x % y,
    d_pow=lambda x, y: x**y, d_max=lambda x, y: max(x, y), d_min=lambda x, y: min(x, y), d_atan2=lambda x, y: math.atan2(y, x), d_hypot=lambda x, y: math.sqrt(x * x + y * y), d_mix=lambda x, y: 0.7 * x + 0.3 * y,
    d_error=lambda x, y: abs(x - y) / abs(y) if y != 0 else 0.0, d_less=lambda x, y: x < y, d_close=lambda x, y: math.isclose(x, y, rel_tol=1e-5), d_fma=lambda x, y: x * y + 1.0, d_fmod=lambda x, y: math.fmod(x, y), d_copysign=lambda x, y: math.copysign(x, y), d_log=lambda x, y: math.log(x, y),
    d_select=lambda x, y: x if x < y else -y,
)  # fmt: skip
table(
    FUNCTIONS, I + F,
    m_scale=lambda x, y: x * y, m_less=lambda x, y: x < y, m_eq=lambda x, y: x == y, m_max=lambda x, y: max(x, y), m_pow=lambda x, y: y**x, m_div=lambda x, y: y / x if x else y, m_choose=lambda x, y: y if x else 0.0, m_sum=lambda x, y: int(y) + x,
)  # fmt: skip
table(
    FUNCTIONS, F + I,
    n_add=lambda x, y: x + y, n_pow=lambda x, y: x**y, n_min=lambda x, y: min(x, y), n_compare=lambda x, y: x >= y, n_floor=lambda x, y: x // y,
)  # fmt: skip
table(
    FUNCTIONS, F,
    partial_mul=functools.partial(operator.mul, 2.5), partial_lerp=functools.partial(lerp, 0.0, 10.0), partial_keyword=functools.partial(lerp, 1.0, t=0.25), closure=scaler(0.125), closure2=clamper(-2.5, 2.5), called=channel, method=channel.limited, method2=channel.convert,
    op_neg=operator.neg, op_truth=operator.truth, b_abs=abs, b_float=float, b_int=int, b_bool=bool, b_round=round, m_sqrt=math.sqrt, m_exp=math.exp, m_floor=math.floor, m_isnan=math.isnan, m_log=math.log, m_fabs=math.fabs,
)  # fmt: skip
table(
    FUNCTIONS, I, i_closure=clamper(-3, 9), i_abs=abs, i_neg=operator.neg, i_invert=operator.invert, i_partial=functools.partial(operator.add, 5), i_scaler=scaler(3),
)  # fmt: skip
table(
    FUNCTIONS, I + I, o_add=operator.add, o_mul=operator.mul, o_or=operator.or_, o_lt=operator.lt, b_max=max, b_min=min, o_floordiv=operator.floordiv, o_sub=operator.sub, o_mod=operator.mod, o_lshift=operator.lshift,
)  # fmt: skip
table(
    FUNCTIONS,
    F + F,
    of_add=operator.add,
    of_truediv=operator.truediv,
    of_pow=operator.pow,
    bf_max=max,
    bf_min=min,
)


@ordinary(F)
def safe_inverse(x: float) -> float:
    """Catch what is expected."""
    try:
        return 1.0 / x
    except ZeroDivisionError:
        return 0.0


@ordinary(I)
def safe_divide(x: int) -> int:
    """Catch what is expected, with else."""
    try:
        y = 1000 // x
    except ZeroDivisionError:
        y = -1
    else:
        y += 1
    return y


@ordinary(F)
def checked_root(x: float) -> float:
    """Raise for what is not expected."""
    if x < 0:
        msg = f"negative: {x}"
        raise ValueError(msg)
    return math.sqrt(x)


@ordinary(F)
def asserted(x: float) -> float:
    """Assert."""
    assert x == x, "NaN"  # noqa: PLR0124
    return x * 2


@ordinary(F)
def horner(x: float) -> float:
    """Loop over constants."""
    result = 0.0
    for coefficient in (1.5, -2.0, 0.25, 3.0):
        result = result * x + coefficient
    return result


@ordinary(F)
def newton(x: float) -> float:
    """Loop over a range."""
    y = abs(x) + 1.0
    for _ in range(4):
        y = 0.5 * (y + abs(x) / y)
    return y


@ordinary(I)
def popcount(x: int) -> int:
    """Count bits."""
    count = 0
    for i in range(8):
        count += x >> i & 1
    return count


@ordinary(I)
def reverse_bits(x: int) -> int:
    """Reverse a byte."""
    out = 0
    for _ in range(8):
        out = out << 1 | x & 1
        x >>= 1
    return out


@ordinary(I)
def grade(x: int) -> int:
    """Branch often."""
    if x >= 90:
        return 1
    if x >= 80:
        return 2
    if x >= 70:
        return 3
    return 4 if x >= 60 else 5


@ordinary(I)
def easter_term(x: int) -> int:
    """Take a step of a calendar."""
    a = x % 19
    b, c = divmod(x, 100)
    d, e = divmod(b, 4)
    return (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15 + e * 0 + c * 0) % 30


@ordinary(I)
def day_number(x: int) -> int:
    """Count days."""
    year, month = x // 12, x % 12 + 1
    if month <= 2:
        year -= 1
        month += 12
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month - 457) // 5


@ordinary(F)
def deadband(x: float) -> float:
    """Branch, with a variable that several branches set."""
    if -0.1 < x < 0.1:
        y = 0.0
    elif x > 0:
        y = x - 0.1
    else:
        y = x + 0.1
    return y * 1.5 + 2


@ordinary(F + F)
def heading(x: float, y: float) -> float:
    """Convert to degrees."""
    angle = math.degrees(math.atan2(y, x))
    if angle < 0:
        angle += 360
    return angle


@ordinary(I)
def after_branches(x: int) -> int:
    """Go on after two branches."""
    a = x * 2 if x > 10 else x * 3
    b = a + 1 if a % 2 else a - 1
    return b * b + a


@ordinary(I + I)
def luma(r: int, g: int) -> int:
    """Mix channels."""
    return (77 * r + 150 * g + 29 * 128) >> 8


@ordinary(F)
def with_unused(x: float) -> float:
    """Compute what is not used."""
    _ = x * 3
    y, z = x, x + 1
    return y + z


@ordinary(I)
def swapped(x: int) -> int:
    """Swap."""
    a, b = x, 7
    if a > b:
        a, b = b, a
    return a * 10 + b


@ordinary(F)
def enumerated(x: float) -> float:
    """Enumerate constants."""
    total = 0.0
    for i, weight in enumerate(CALIBRATION):
        total += weight * x**i
    return total


@ordinary(I)
def continued(x: int) -> int:
    """Continue and break."""
    total = 0
    for i in range(6):
        if i == 2:
            continue
        if i == 5:
            break
        total += x + i
    return total


@ordinary(F)
def default_none(x: float, low: float | None = None) -> float:
    """Test against None."""
    if low is None:
        low = -1.0
    return x if x > low else low


@ordinary(F)
def median3(x: float) -> float:
    """Sort three."""
    return sorted((x, 1.0, -1.0))[1]


@ordinary(F)
def any_all(x: float) -> bool:
    """Use any and all."""
    return any((x > 5, x < -5)) and all((x != 7, x != -7))


# Not traced: loops and branches of them that explode.
@ordinary(I)
def crc8(x: int) -> int:
    """Divide bit by bit."""
    for _ in range(8):
        x = (x << 1) ^ 0x07 if x & 0x80 else x << 1
    return x & 0xFF


@ordinary(I)
def collatz(x: int) -> int:
    """Loop while."""
    steps = 0
    while x > 1 and steps < 50:
        x = x // 2 if x % 2 == 0 else 3 * x + 1
        steps += 1
    return steps


class Color(IntEnum):
    """Constants that are no plain ints."""

    RED = 1
    BLUE = 3


class Weird(int):
    """An int that is none."""

    __slots__ = ()

    def __add__(self, other: int) -> int:
        """Add more."""
        return int(self) + other + 1

    __radd__ = __add__


class UserError(Exception):
    """An exception of ours."""


COLOR = Color.BLUE
WEIRD = Weird(5)
HUGE = 1 << 64
NAN = math.nan
counter = [0]
state = {"n": 0}
generator = random.Random(1)  # noqa: S311


def counting(x: Any) -> Any:
    """Count its calls."""
    counter[0] += 1
    return x + counter[0]


def recursive(x: Any) -> Any:
    """Call itself."""
    return 1 if x < 1 or x > 20 else x * recursive(x - 1)


def mutual(x: Any) -> Any:
    """Call a function that calls it."""
    return x if x < 1 or x > 9 else mutual2(x - 1)


def mutual2(x: Any) -> Any:
    """Call a function that calls it."""
    return mutual(x - 1)


def varargs(*args: Any) -> Any:
    """Take any number of arguments."""
    return args[0]


def mutable(x: Any, seen: list[Any] = []) -> Any:  # noqa: B006
    """Keep state in a default."""
    seen.append(x)
    return len(seen)


def swallow(x: Any) -> Any:
    """Swallow everything."""
    try:
        return undefined(x)  # type: ignore[name-defined] # noqa: F821
    except:  # noqa: E722
        return 7


def swallow_text(x: Any) -> Any:
    """Swallow what text does."""
    try:
        return 1 if f"{x}" == "1" else 2
    except BaseException:  # noqa: BLE001
        return 3


def message(x: Any) -> Any:
    """Look at a message."""
    try:
        return 10 // x
    except ZeroDivisionError as error:
        return 1 if f"{error}" == "integer modulo by zero" else 2


def caught_text(x: Any) -> Any:
    """Read what an exception says of a number."""
    try:
        return x[0]
    except TypeError as error:
        return len(error.args[0])


def own_error(x: Any) -> Any:
    """Raise an exception of ours."""
    if x > 3:
        raise UserError(x)
    return x


def catch_own(x: Any) -> Any:
    """Catch an exception of ours."""
    try:
        return 1 // x
    except (UserError, ZeroDivisionError):
        return 3


def catch_type(x: Any) -> Any:
    """Catch a type error."""
    try:
        return x & 1
    except TypeError:
        return -1


def catch_attribute(x: Any) -> Any:
    """Catch an attribute error."""
    try:
        return x.nothing
    except AttributeError:
        return -1


def catch_math(x: Any) -> Any:
    """Catch a domain error."""
    try:
        return math.sqrt(x)
    except ValueError:
        return -1.0


def catch_overflow(x: Any) -> Any:
    """Catch an overflow."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def nested_try(x: Any) -> Any:
    """Catch in two places."""
    try:
        try:
            return 6 // x
        except ValueError:
            return -2
    except ZeroDivisionError:
        return -3


def identity_in_tuple(x: Any) -> Any:
    """Compare by identity first."""
    return (x,) == (x,)


def identity_after_min(x: Any, y: Any) -> Any:
    """Compare by identity what min returned."""
    return min(x, y) in (x, 1.5)


def identity_of_divmod(x: Any, y: Any) -> Any:
    """Compare by identity with what divmod returned."""
    pair = divmod(x, y)
    return max(pair[0], pair[1]) in pair


def global_reader(x: Any) -> Any:
    """Read what changes."""
    return x * state["n"]


def dead_division(x: Any) -> Any:
    """Raise for nothing."""
    1 / x  # noqa: B018
    return 0


def dead_int(x: Any) -> Any:
    """Convert for nothing."""
    int(x)
    return 1


def generator_function(x: Any) -> Any:
    """Yield."""
    yield x


def importing(x: Any) -> Any:
    """Import."""
    import math as m  # noqa: PLC0415

    return m.floor(x)


def inner(x: Any) -> Any:
    """Define a function."""
    return (lambda y: y + x)(1)


def comprehension(x: Any) -> Any:
    """Build a list."""
    return sum([x * i for i in range(3)])


def shadowed(x: Any, abs: Any = float) -> Any:  # noqa: A002
    """Use another abs."""
    return abs(x)


def long_chain(x: Any) -> Any:
    """Branch in a loop."""
    for i in range(20):
        if x > i:
            x = x - 1
    return x


def cross_masks(x: Any, y: Any) -> Any:
    """Need on either side what the other side tests."""
    if x > 0:
        return x // y if x * y > 10 else x * y
    return x * y if x // (y | 1) > 3 else x // (y | 1)


def same_after(x: Any, y: Any) -> Any:
    """Divide on both sides, guarded on one."""
    if x > 0:
        return y // x + 1
    if y > 0:
        return x // y - 1
    return y // (x - 1)


def three_ifs(x: Any) -> Any:
    """Branch three times in a row."""
    a, b = x, x + 1
    if x > 3:
        a = x // 3
    if b % 2:
        b = a * 5
    if a > b:
        a, b = b, a
    return a * 7 + b * b


def dead_branch(x: Any) -> Any:
    """Divide on one side for nothing."""
    if x > 0:
        1 // (x - 5)
    return x


def dead_on_one_side(x: Any, y: Any) -> Any:
    """Divide on both sides, on one for nothing."""
    if x > 0:
        return x // y
    x // y  # noqa: B018
    return y // (x - 1)


table(
    HARD, F, either_libm=lambda x: math.sin(x) if x > 0.7 else math.cos(x),
    keep_negative_zero=lambda x: min(x, 0) * -1, int_zero=lambda x: max(x, 0) * -1.0, zero_times=lambda x: x * 0, minus_zero=lambda x: 0.0 - x, neg_zero=lambda x: -x + 0.0,
    max_zero=lambda x: max(-0.0, x), max_zero2=lambda x: max(x, -0.0), min_zero=lambda x: min(0.0, x), min_nan=lambda x: min(NAN, x), min_nan2=lambda x: min(x, NAN), max_nan=lambda x: max(x, NAN), zero_mod=lambda x: x % 3, mod_minus=lambda x: x % -3.0, round_zero=lambda x: round(x, 1), round_small=lambda x: round(x / 1000, 3), copysign_nan=lambda x: math.copysign(x, NAN), floor_zero=lambda x: x // 5, trunc_zero=lambda x: int(x) * -1.0, abs_zero=lambda x: abs(-x), mult_minus=lambda x: -1 * x, or_zero=lambda x: x or -0.0, and_zero=lambda x: x and -0.0,
    choose_type=lambda x: 1 if x > 0 else 2.5, choose_bool=lambda x: True if x > 0 else x, type_of_max=lambda x: max(1, x) / 3, type_of_min=lambda x: min(x, 2) // 2, bool_math=lambda x: (x > 0) + (x > 1), bool_neg=lambda x: -(x > 0), bool_abs=lambda x: abs(x > 0), bool_shift=lambda x: (x > 0) << 3, bool_and=lambda x: (x > 0) & (x < 5), bool_xor=lambda x: (x > 0) ^ (x < 5), bool_or_int=lambda x: (x > 0) | 6, bool_div=lambda x: (x > 0) / 2, bool_pow=lambda x: (x > 0) ** 2, bool_max=lambda x: max(x > 0, x > 1), bool_mixed_max=lambda x: max(x > 0, 0.5), bool_invert=lambda x: ~(x > 0), bool_round=lambda x: round(x > 0), bool_float=lambda x: float(x > 0), bool_plus=lambda x: +(x > 0), bool_compare=lambda x: (x > 0) < (x > 1), bool_not=lambda x: not x > 0, bool_eq=lambda x: (x > 0) == True,  # noqa: E712
    chained=lambda x: 0 < x < 5 < 9, chained_eq=lambda x: x == x == x, none_compare=lambda x: x == None, text_compare=lambda x: x == "1", none_result=lambda x: None, none_branch=lambda x: None if x > 0 else x, text_result=lambda x: "a", tuple_result=lambda x: (x, x), is_nan_object=lambda x: x is NAN, none_by_a_jump=lambda x: x is (x or None), is_not_none=lambda x: x is not None,  # noqa: E711
    random_function=lambda x: x + generator.random(), random_builtin=random.random, printing=lambda x: print(x) or x, hashing=lambda x: hash(x), text=lambda x: len(str(x)), formatted=lambda x: len(f"{x:.2f}"), hexed=lambda x: x.hex(), as_ratio=lambda x: x.as_integer_ratio()[0], getattribute=lambda x: x.__abs__(), dunder=lambda x: x.__class__ is float, complex_part=lambda x: (x * 1j).imag, fraction_of=lambda x: float(Fraction(x)), int_enum=lambda x: x * COLOR, weird=lambda x: x + WEIRD, huge=lambda x: x * HUGE, huge_compare=lambda x: x < HUGE, huge_compare2=lambda x: x == (1 << 53) + 1, overflow_constant=lambda x: x * 10**400, nan_constant=lambda x: x * NAN, inf_constant=lambda x: x - math.inf, sum_floats=lambda x: sum((x, 0.1, 0.2)), pow_mod=lambda x: pow(3, int(x) & 3, 7), int_text=lambda x: int("12") + x, lambda_default=lambda x, y=[]: x, complex_root=lambda x: x**0.5, complex_root2=lambda x: (-x) ** 1.5, zero_power=lambda x: 0.0**x, power_zero=lambda x: x**0, power_of=lambda x: 1.5**x, int_power=lambda x: 2**x, hypot=lambda x: math.hypot(x, 1), gcd=lambda x: math.gcd(int(x), 12), factorial=lambda x: math.factorial(3) + x,
    in_nan=lambda x: x in (NAN, 1.0), in_mixed=lambda x: x in (1, 2.0, True, "a", None), in_tuple_of_it=lambda x: x in (x, 1), in_list=lambda x: x in [1.0, 2.0], in_set=lambda x: x in {1, 2, 3}, in_text=lambda x: x in "abc", in_big_range=lambda x: x in range(-(1 << 60), 1 << 60), chained_min=lambda x: min(x, 1, -0.0, 2.5), min_key=lambda x: min(x, 1.0, key=abs), sorted_mixed=lambda x: sorted((x, 1, 0.5))[0], unpacked=lambda x: max(*(x, 1.0)), starred=lambda x: math.sqrt(*[abs(x)]), list_index=lambda x: [1, 2, 3][int(x) % 3], string_mult=lambda x: "ab" * (x > 0) == "ab", tuple_mult=lambda x: (1, 2) * (x > 0) == (1, 2), inverted_truth=lambda x: ~(not x), round_negative=lambda x: round(x, -1), round_many=lambda x: round(x, 22), round_variable=lambda x: round(x, int(x) & 1), exp_log=lambda x: math.log(math.exp(x)), log_zero=lambda x: math.log(x * 0), fmod_inf=lambda x: math.fmod(x, math.inf), log_base_one=lambda x: math.log(x, 1), inf_loop=lambda x: max(x for x in (1.0, 2.0)), conditional_text=lambda x: x if x > 0 else f"{x}",
)  # fmt: skip
table(
    HARD, I,
    big_product=lambda x: x * x * x * x, big_shift=lambda x: x << 40, shift_it=lambda x: 1 << x, shift_right=lambda x: x >> (x & 127), negative_shift=lambda x: x >> -1, int_min=lambda x: -x, int_min_abs=lambda x: abs(x), int_min_div=lambda x: x // -1, int_min_mod=lambda x: x % -1, divide_zero=lambda x: x // 0, modulo_zero=lambda x: x % (x - x), float_of_big=lambda x: float(x), big_true_div=lambda x: x / 3, big_compare_float=lambda x: x == 9007199254740993.0, half_compare=lambda x: x < 0.5, half_ge=lambda x: x >= -0.5, inf_compare=lambda x: x < math.inf, nan_compare=lambda x: x < NAN, nan_ne=lambda x: x != NAN, power_self=lambda x: x**x, power_negative=lambda x: x**-2, power_float=lambda x: x**0.5, mixed_power=lambda x: 2**x, int_round_half=lambda x: round(x, -2), int_enum_compare=lambda x: x == Color.RED, weird_int=lambda x: WEIRD + x, big_constant=lambda x: x & 0xFFFFFFFFFFFFFFFF, bool_index=lambda x: (1, 2)[x > 2], tuple_index=lambda x: (1, 2, 3)[x], tuple_index2=lambda x: LEVELS[x], bit_length=lambda x: x.bit_length(), from_bytes=lambda x: int.from_bytes(b"\1") + x, to_text=lambda x: int(str(x)), compare_types=lambda x: (x == 1) is True, int_as_float=lambda x: x * 1.0 == x, sum_ints=lambda x: sum((x, 1, x)), mask64=lambda x: x * 6364136223846793005 & 0x7FFFFFFFFFFFFFFF, average=lambda x: (x + x + 1) / 2, isqrt=lambda x: math.isqrt(abs(x)), log_int=lambda x: math.log(x) if x > 0 else 0.0, denominators=lambda x: x.numerator // x.denominator, is_integer_method=lambda x: x.is_integer(),
)  # fmt: skip
for _fn in (
    counting, recursive, mutual, varargs, mutable, swallow, swallow_text, message, caught_text,
    own_error, catch_own, catch_type, catch_attribute, catch_math, catch_overflow, nested_try,
    identity_in_tuple, global_reader, dead_division, dead_int, generator_function, importing, inner,
    comprehension, shadowed, long_chain, three_ifs, dead_branch,
):  # fmt: skip
    HARD.extend((_fn.__name__, _fn, _kinds) for _kinds in (I, F))
for _fn in (identity_after_min, identity_of_divmod):
    HARD.append((_fn.__name__, _fn, F + F))
for _fn in (cross_masks, same_after, dead_on_one_side):
    HARD.append((_fn.__name__, _fn, I + I))

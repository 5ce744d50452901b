// f64 arithmetic in 64-bit integers, for devices without fp64: the sources are rewritten to call these
// functions (dev.quern.opencl.F64Rewriter). A number is its IEEE 754 bits; every operation rounds to
// nearest, ties to even, subnormal numbers, infinities and NaN included, so that results have the bits
// of a device with fp64.

typedef struct {
  ulong bits;
} quern_f64;

#define QUERN_F64_SIGN 0x8000000000000000UL
#define QUERN_F64_INFINITY 0x7ff0000000000000UL
#define QUERN_F64_NAN 0x7ff8000000000000UL
#define QUERN_F64_IMPLICIT 0x0010000000000000UL

// Numbers from bits, by the type of what they are made of; the compiler picks.
#define QUERN_OVERLOADED static inline __attribute__((overloadable))

static inline quern_f64 quern_f64_bits(ulong bits) {
  quern_f64 x;
  x.bits = bits;
  return x;
}

// m shifted right; what falls out is remembered in the lowest bit.
static inline ulong quern_f64_shift(ulong m, int by) {
  return by <= 0 ? m : (by < 64 ? (m >> by) | (ulong)((m << (64 - by)) != 0) : (ulong)(m != 0));
}

// m * 2^(e - 1023 - 62), rounded. The lowest bit of m may stand for all that is below it.
static inline quern_f64 quern_f64_round(ulong sign, int e, ulong m) {
  if (m == 0) {
    return quern_f64_bits(sign);
  }
  int shift = (int)clz(m) - 1;
  m = shift < 0 ? quern_f64_shift(m, 1) : m << shift;
  e -= shift;
  if (e >= 2047) {
    return quern_f64_bits(sign | QUERN_F64_INFINITY);
  }
  m = quern_f64_shift(m, 1 - e);
  ulong low = m & 0x3ff;
  m >>= 10;
  m += (ulong)(low > 0x200 || (low == 0x200 && (m & 1) != 0));
  return quern_f64_bits(sign | (e > 0 ? ((ulong)(e - 1) << 52) + m : m));
}

static inline int quern_f64_isnan(quern_f64 x) {
  return (x.bits & ~QUERN_F64_SIGN) > QUERN_F64_INFINITY;
}

static inline int quern_f64_isinf(quern_f64 x) {
  return (x.bits & ~QUERN_F64_SIGN) == QUERN_F64_INFINITY;
}

static inline int quern_f64_isfinite(quern_f64 x) {
  return (x.bits & ~QUERN_F64_SIGN) < QUERN_F64_INFINITY;
}

static inline int quern_f64_exponent(quern_f64 x) {
  int e = (int)(x.bits >> 52 & 0x7ff);
  return e == 0 ? 1 : e;
}

static inline ulong quern_f64_significand(quern_f64 x) {
  ulong fraction = x.bits & (QUERN_F64_IMPLICIT - 1);
  return (x.bits >> 52 & 0x7ff) == 0 ? fraction : fraction | QUERN_F64_IMPLICIT;
}

static inline quern_f64 quern_f64_neg(quern_f64 x) {
  return quern_f64_bits(x.bits ^ QUERN_F64_SIGN);
}

static inline quern_f64 quern_f64_fabs(quern_f64 x) {
  return quern_f64_bits(x.bits & ~QUERN_F64_SIGN);
}

static inline quern_f64 quern_f64_add(quern_f64 a, quern_f64 b) {
  if ((a.bits & ~QUERN_F64_SIGN) < (b.bits & ~QUERN_F64_SIGN)) {
    quern_f64 other = a;
    a = b;
    b = other;
  }
  ulong differ = (a.bits ^ b.bits) & QUERN_F64_SIGN;
  if (!quern_f64_isfinite(a)) {
    return quern_f64_isnan(a) || (quern_f64_isinf(b) && differ) ? quern_f64_bits(QUERN_F64_NAN) : a;
  }
  int e = quern_f64_exponent(a);
  ulong large = quern_f64_significand(a) << 10;
  ulong small = quern_f64_shift(quern_f64_significand(b) << 10, e - quern_f64_exponent(b));
  ulong m = differ ? large - small : large + small;
  return quern_f64_round(differ && m == 0 ? 0 : a.bits & QUERN_F64_SIGN, e, m);
}

static inline quern_f64 quern_f64_sub(quern_f64 a, quern_f64 b) {
  return quern_f64_add(a, quern_f64_neg(b));
}

static inline quern_f64 quern_f64_mul(quern_f64 a, quern_f64 b) {
  ulong sign = (a.bits ^ b.bits) & QUERN_F64_SIGN;
  ulong ma = quern_f64_significand(a);
  ulong mb = quern_f64_significand(b);
  if (!quern_f64_isfinite(a) || !quern_f64_isfinite(b)) {
    int undefined = quern_f64_isnan(a) || quern_f64_isnan(b) || ma == 0 || mb == 0;
    return quern_f64_bits(undefined ? QUERN_F64_NAN : sign | QUERN_F64_INFINITY);
  }
  if (ma == 0 || mb == 0) {
    return quern_f64_bits(sign);
  }
  int za = (int)clz(ma);
  int zb = (int)clz(mb);
  ma <<= za;
  mb <<= zb;
  int e = quern_f64_exponent(a) + quern_f64_exponent(b) + 22 - za - zb - 1023;
  return quern_f64_round(sign, e, mul_hi(ma, mb) | (ulong)(ma * mb != 0));
}

static inline quern_f64 quern_f64_div(quern_f64 a, quern_f64 b) {
  ulong sign = (a.bits ^ b.bits) & QUERN_F64_SIGN;
  ulong ma = quern_f64_significand(a);
  ulong mb = quern_f64_significand(b);
  int infinite_a = quern_f64_isinf(a);
  int infinite_b = quern_f64_isinf(b);
  int zero_a = (a.bits & ~QUERN_F64_SIGN) == 0;
  int zero_b = (b.bits & ~QUERN_F64_SIGN) == 0;
  if (quern_f64_isnan(a) || quern_f64_isnan(b) || (infinite_a && infinite_b) || (zero_a && zero_b)) {
    return quern_f64_bits(QUERN_F64_NAN);
  }
  if (infinite_a || zero_b) {
    return quern_f64_bits(sign | QUERN_F64_INFINITY);
  }
  if (zero_a || infinite_b) {
    return quern_f64_bits(sign);
  }
  int za = (int)clz(ma) - 1;
  int zb = (int)clz(mb) - 1;
  ma <<= za;
  mb <<= zb;
  int e = quern_f64_exponent(a) - za - quern_f64_exponent(b) + zb + 1023;
  ulong quotient = 0;
  for (int i = 0; i < 63; i++) {
    int fits = ma >= mb;
    ma = (fits ? ma - mb : ma) << 1;
    quotient = quotient << 1 | (ulong)fits;
  }
  return quern_f64_round(sign, e, quotient | (ulong)(ma != 0));
}

static inline quern_f64 quern_f64_sqrt(quern_f64 x) {
  if ((x.bits & ~QUERN_F64_SIGN) == 0 || x.bits == QUERN_F64_INFINITY) {
    return x;
  }
  if (quern_f64_isnan(x) || (x.bits & QUERN_F64_SIGN) != 0) {
    return quern_f64_bits(QUERN_F64_NAN);
  }
  ulong m = quern_f64_significand(x);
  int shift = (int)clz(m) - 11;
  m <<= shift;
  int e = quern_f64_exponent(x) - shift - 1023;
  m <<= 1 + (e & 1);
  ulong root = 0;
  ulong twice = 0;
  for (ulong bit = 1UL << 53; bit != 0; bit >>= 1) {
    ulong trial = twice + bit;
    int fits = trial <= m;
    m = (fits ? m - trial : m) << 1;
    twice = fits ? trial + bit : twice;
    root = fits ? root + bit : root;
  }
  return quern_f64_round(0, (e >> 1) + 1023, root << 9 | (ulong)(m != 0));
}

// Numbers in their order, as integers; both zeros are 0.
static inline long quern_f64_order(quern_f64 x) {
  long order = (long)(x.bits & ~QUERN_F64_SIGN);
  return (x.bits & QUERN_F64_SIGN) != 0 ? -order : order;
}

static inline int quern_f64_lt(quern_f64 a, quern_f64 b) {
  return !quern_f64_isnan(a) && !quern_f64_isnan(b) && quern_f64_order(a) < quern_f64_order(b);
}

static inline int quern_f64_le(quern_f64 a, quern_f64 b) {
  return !quern_f64_isnan(a) && !quern_f64_isnan(b) && quern_f64_order(a) <= quern_f64_order(b);
}

static inline int quern_f64_gt(quern_f64 a, quern_f64 b) {
  return quern_f64_lt(b, a);
}

static inline int quern_f64_ge(quern_f64 a, quern_f64 b) {
  return quern_f64_le(b, a);
}

static inline int quern_f64_eq(quern_f64 a, quern_f64 b) {
  return !quern_f64_isnan(a) && !quern_f64_isnan(b) && quern_f64_order(a) == quern_f64_order(b);
}

static inline int quern_f64_ne(quern_f64 a, quern_f64 b) {
  return !quern_f64_eq(a, b);
}

QUERN_OVERLOADED quern_f64 quern_f64_of(ulong x) {
  return quern_f64_round(0, 1023 + 62, x);
}

QUERN_OVERLOADED quern_f64 quern_f64_of(long x) {
  return x < 0 ? quern_f64_round(QUERN_F64_SIGN, 1023 + 62, -(ulong)x) : quern_f64_of((ulong)x);
}

QUERN_OVERLOADED quern_f64 quern_f64_of(uint x) {
  return quern_f64_of((ulong)x);
}

QUERN_OVERLOADED quern_f64 quern_f64_of(int x) {
  return quern_f64_of((long)x);
}

QUERN_OVERLOADED quern_f64 quern_f64_of(uchar x) {
  return quern_f64_of((ulong)x);
}

QUERN_OVERLOADED quern_f64 quern_f64_of(float x) {
  uint bits = as_uint(x);
  ulong sign = (ulong)(bits >> 31) << 63;
  int e = (int)(bits >> 23 & 0xff);
  ulong fraction = bits & 0x7fffff;
  if (e == 255) {
    return quern_f64_bits(fraction == 0 ? sign | QUERN_F64_INFINITY : QUERN_F64_NAN);
  }
  ulong m = e == 0 ? fraction : fraction | 0x800000;
  return quern_f64_round(sign, (e == 0 ? 1 : e) + 1023 - 127, m << 39);
}

static inline float quern_f64_to_float(quern_f64 x) {
  uint sign = (uint)(x.bits >> 63) << 31;
  if (!quern_f64_isfinite(x)) {
    return as_float(quern_f64_isnan(x) ? 0x7fc00000u : sign | 0x7f800000u);
  }
  int e = quern_f64_exponent(x) - 1023 + 127;
  if (e >= 255) {
    return as_float(sign | 0x7f800000u);
  }
  ulong m = quern_f64_shift(quern_f64_significand(x) << 10, 1 - e);
  ulong low = m & 0x7fffffffffUL;
  uint rounded = (uint)(m >> 39);
  rounded += (uint)(low > 0x4000000000UL || (low == 0x4000000000UL && (rounded & 1) != 0));
  return as_float(sign | (e > 0 ? ((uint)(e - 1) << 23) + rounded : rounded));
}

// Towards 0; the magnitude has to be below 2^63.
static inline long quern_f64_to_long(quern_f64 x) {
  int e = quern_f64_exponent(x) - 1023;
  ulong m = quern_f64_significand(x);
  m = e < 0 ? 0 : (e <= 52 ? m >> (52 - e) : m << (e - 52));
  return (x.bits & QUERN_F64_SIGN) != 0 ? -(long)m : (long)m;
}

// x * 2^k for a normal number.
static inline quern_f64 quern_f64_scale(quern_f64 x, int k) {
  ulong m = quern_f64_significand(x);
  return quern_f64_round(x.bits & QUERN_F64_SIGN, quern_f64_exponent(x) + k, m << 10);
}

// The functions of f64 that kernels call, for devices without fp64: this text passes through
// dev.quern.opencl.F64Rewriter too. They are good to a few units in the last place; a
// power is so only as far as its logarithm times the exponent is small.

// ln x: x = 2^k m with m around 1, and ln m = 2 artanh((m - 1) / (m + 1)) by its series.
static inline double quern_f64_log(double x) {
  if (quern_f64_isnan(x) || x < 0.0) {
    return quern_f64_bits(QUERN_F64_NAN);
  }
  if (x == 0.0 || quern_f64_isinf(x)) {
    return x == 0.0 ? quern_f64_bits(QUERN_F64_SIGN | QUERN_F64_INFINITY) : x;
  }
  int k = 0;
  if (x < 2.2250738585072014e-308) {
    x = x * 18014398509481984.0;
    k = -54;
  }
  k += quern_f64_exponent(x) - 1023;
  double m = quern_f64_scale(x, 1023 - quern_f64_exponent(x));
  if (m > 1.4142135623730951) {
    m = m * 0.5;
    k++;
  }
  double s = (m - 1.0) / (m + 1.0);
  double z = s * s;
  double series = 0.0;
  for (int i = 25; i > 1; i -= 2) {
    series = (series + 1.0 / (double)i) * z;
  }
  // ln 2 in two parts, the first of which has room for the product
  double result = 2.0 * s + (2.0 * s * series + (double)k * 1.9082149292705877e-10);
  return (double)k * 6.93147180369123816490e-01 + result;
}

// e^x - 1 for |x| up to 0.35, by its series.
static inline double quern_f64_expm1_small(double x) {
  double series = 1.0;
  for (int i = 15; i > 1; i--) {
    series = 1.0 + x * series / (double)i;
  }
  return x * series;
}

static inline double quern_f64_exp(double x) {
  if (quern_f64_isnan(x)) {
    return x;
  }
  if (x > 710.0 || x < -746.0) {
    return x > 0.0 ? quern_f64_bits(QUERN_F64_INFINITY) : 0.0;
  }
  int k = (int)(x * 1.4426950408889634 + (x < 0.0 ? -0.5 : 0.5));
  double r = x - (double)k * 6.93147180369123816490e-01 - (double)k * 1.9082149292705877e-10;
  return quern_f64_scale(1.0 + quern_f64_expm1_small(r), k);
}

static inline double quern_f64_expm1(double x) {
  return quern_f64_fabs(x) < 0.35 ? quern_f64_expm1_small(x) : quern_f64_exp(x) - 1.0;
}

static inline double quern_f64_log1p(double x) {
  double u = 1.0 + x;
  return u == 1.0 || quern_f64_isinf(u) ? x : quern_f64_log(u) * x / (u - 1.0);
}

// x^y for x from 0 on.
static inline double quern_f64_pow(double x, double y) {
  if (y == 0.0 || x == 1.0) {
    return 1.0;
  }
  if (x == 0.0) {
    return y > 0.0 ? 0.0 : quern_f64_bits(QUERN_F64_INFINITY);
  }
  return quern_f64_exp(y * quern_f64_log(x));
}

// a * b + c, rounded once where the product is exact, as it is for numbers that were f32; else twice.
static inline double quern_f64_fma(double a, double b, double c) {
  return a * b + c;
}

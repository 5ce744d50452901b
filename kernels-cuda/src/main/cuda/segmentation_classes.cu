// Fused segmentation losses of pixels whose classes exclude one another, of any number of classes:
// the passes over the pixels. Totals and epilogue are those of segmentation.cu, which says what
// pools and segments are.
//
// - Formula: any weighted sum of the terms of loss_class.inc.
// - Pass 1: a block sums one chunk of a pool's pixels, rounds of QUERN_TILE. A thread keeps the
//   softmax of its few pixels (two runs over the classes), then all go through the classes together
//   and leave a record for each class, so that nothing grows with the number of classes; the last
//   is class 0, whose record takes what belongs to the pixels.
// - Pass 2: a thread has a pixel: softmax, the sum of the classes' slopes, then the gradient class
//   by class, each logit read before its gradient is written. Neighbouring threads take
//   neighbouring pixels.
// - Tail: pixels behind the pool's end, ignored and faulty ones add nothing (but to the number of
//   valid ones and the weight of their labels); the gradient of the latter two is 0 whatever their
//   logits are.
// - Deterministic: all orders depend on the extents only, and nothing is added atomically.

#include "prelude.cuh"

#include "math.inc"

#include "loss_table.inc"
#include "loss_element.inc"
#include "loss_class.inc"

// The pixels that one thread takes in a round.
#define QUERN_PIXELS ((int)(QUERN_TILE / QUERN_THREADS))

// The sums of a class that are not 0, in the order in which they are added up.
#define QUERN_CLASS_SUMS 9

// A pixel: the element of its first class, its label (its share of class 0 if it has shares), whether
// it counts.
struct SegmentationPixel {
  long long element;
  float label;
  bool counts;
  QuernSoftmax softmax;
};

template <class Args>
QUERN_INLINE QuernClassFactors segmentation_factors(const Args &args, int c) {
  return quern_class_factors(args.options, args.terms, args.classes, c);
}

template <class Args>
QUERN_INLINE float segmentation_input(const Args &args, long long element, int c) {
  return quern_load_float(args.logits, args.logits_dtype, element + c * args.pixels);
}

// The target of one class.
template <class Args>
QUERN_INLINE float segmentation_share(
    const Args &args, const QuernLossOptions &o, const SegmentationPixel &p, int c) {
  if (o.one_hot) {
    return quern_load_float(args.target, args.target_dtype, p.element + c * args.pixels);
  }
  return p.label == (float)c ? 1.0f : 0.0f;
}

QUERN_INLINE bool segmentation_is_label(float label, int classes) {
  return label >= 0.0f && label < (float)classes && label == (float)(int)label;
}

// The softmax of the pixel with that element.
template <class Args>
QUERN_INLINE QuernSoftmax segmentation_softmax(
    const Args &args, const QuernLossOptions &o, long long element) {
  if (o.probabilities) {
    return quern_softmax(0.0f, 0, 0.0f);
  }
  float largest = segmentation_input(args, element, 0);
  int first = 0;
  for (int c = 1; c < args.classes; c++) {
    float x = segmentation_input(args, element, c);
    first = x > largest ? c : first;
    largest = x > largest ? x : largest;
  }
  float rest = 0.0f;
  for (int c = 0; c < args.classes; c++) {
    float x = segmentation_input(args, element, c);
    rest += c == first ? 0.0f : quern_exp(x - largest);
  }
  return quern_softmax(largest, first, rest);
}

// Reads a pixel: pixel at of a batch.
template <class Args>
QUERN_INLINE SegmentationPixel segmentation_pixel(
    const Args &args, const QuernLossOptions &o, QuernPixel at) {
  SegmentationPixel p;
  p.element = at.image * args.classes * args.pixels + at.pixel;
  p.label = quern_load_float(
      args.target, args.target_dtype,
      o.one_hot ? p.element : at.image * args.pixels + at.pixel);
  p.counts = p.label != o.ignored
      && (o.one_hot || segmentation_is_label(p.label, args.classes));
  if (p.counts) {
    p.softmax = segmentation_softmax(args, o, p.element);
  }
  return p;
}

template <class Args>
QUERN_INLINE QuernClass segmentation_class(
    const Args &args, const QuernLossOptions &o, const SegmentationPixel &p, int c) {
  return quern_class(o.probabilities, p.softmax, c, segmentation_input(args, p.element, c));
}

// The slope of one class, measured from that of the likeliest.
template <class Args>
QUERN_INLINE float segmentation_slope(
    const Args &args,
    const QuernLossOptions &o,
    const SegmentationPixel &p,
    const QuernLossCoefficients &k,
    float anchor,
    int c) {
  return quern_class_slope(
      &o, k, segmentation_factors(args, c), segmentation_class(args, o, p, c),
      segmentation_share(args, o, p, c), anchor, c == p.softmax.first);
}

// Writes the gradient of a pixel.
template <class Args>
QUERN_INLINE void segmentation_pixel_gradient(
    const Args &args,
    const QuernLossOptions &o,
    const SegmentationPixel &p,
    const QuernLossCoefficients *coefficients) {
  int likeliest = 0;
  float anchor = 0.0f;
  float sum = 0.0f;  // of the slopes of all classes but the likeliest
  float first_slope = 0.0f;
  if (p.counts) {
    likeliest = p.softmax.first;
    anchor = quern_class_anchor(
        &o, coefficients[likeliest], segmentation_class(args, o, p, likeliest),
        segmentation_share(args, o, p, likeliest));
    first_slope = segmentation_slope(args, o, p, coefficients[likeliest], anchor, likeliest);
  }
  for (int c = 0; p.counts && c < args.classes; c++) {
    sum += c == likeliest ? 0.0f : segmentation_slope(args, o, p, coefficients[c], anchor, c);
  }
  for (int c = 0; c < args.classes; c++) {
    float g = 0.0f;
    if (p.counts) {
      float x = segmentation_input(args, p.element, c);
      float r = segmentation_slope(args, o, p, coefficients[c], anchor, c);
      float others = c == likeliest ? sum : (sum - r) + first_slope;
      g = quern_class_gradient(
          &o, coefficients[c], segmentation_class(args, o, p, c), x,
          segmentation_share(args, o, p, c), r, others);
    }
    quern_store_float(g, args.gradient, args.logits_dtype, p.element + c * args.pixels);
  }
}

// Sums one chunk; GRADIENT: and writes its gradient.
template <bool GRADIENT, class Args>
QUERN_INLINE void segmentation_class_chunk(const Args &args) {
  QuernLossOptions o = *args.options;
  int thread = (int)threadIdx.x;
  long long pool = blockIdx.x / args.chunks;
  long long chunk = blockIdx.x % args.chunks;
  long long end = args.images * args.pixels;
  long long first_fault = QUERN_NONE;
  for (int round = 0; round < args.rounds; round++) {
    long long start = (chunk * args.rounds + round) * QUERN_TILE;
    QuernPixel base = quern_pixel_ahead(pool * args.images, start, args.pixels);
    SegmentationPixel own[QUERN_PIXELS];
    QuernPixelSums of_pixels = {};
#pragma unroll
    for (int j = 0; j < QUERN_PIXELS; j++) {
      int ahead = j * QUERN_THREADS + thread;
      own[j].counts = false;
      if (start + ahead >= end) {
        continue;
      }
      own[j] = segmentation_pixel(
          args, o, quern_pixel_ahead(base.image, base.pixel + ahead, args.pixels));
      bool ignored = own[j].label == o.ignored;
      if (!ignored) {
        of_pixels.valid += 1.0f;
        // a faulty label weighs 1
        bool known = own[j].counts && !o.one_hot;
        of_pixels.cross_entropy_weight +=
            known ? segmentation_factors(args, (int)own[j].label).cross_entropy : 1.0f;
      }
      if (!ignored && !own[j].counts) {
        long long i = pool * end + start + ahead;
        first_fault = i < first_fault ? i : first_fault;
      }
    }
    for (int c = args.classes - 1; c >= 0; c--) {
      QuernPixelSums s = {};
      QuernClassFactors factors = segmentation_factors(args, c);
#pragma unroll
      for (int j = 0; j < QUERN_PIXELS; j++) {
        if (own[j].counts) {
          float x = segmentation_input(args, own[j].element, c);
          QuernClass k = quern_class(o.probabilities, own[j].softmax, c, x);
          float t = segmentation_share(args, o, own[j], c);
          quern_add_class(&o, factors, k, x, t, &s, &of_pixels);
        }
      }
      // the overlap's three; focal, its norm and the number of valid elements;
      // the pixels' own
      double values[QUERN_CLASS_SUMS] = {
        s.true_positives, s.false_positives, s.false_negatives, s.focal, s.focal_norm, of_pixels.valid,
        c == 0 ? of_pixels.cross_entropy : 0.0f, c == 0 ? of_pixels.cross_entropy_weight : 0.0f,
        c == 0 ? of_pixels.softmax_focal : 0.0f};
      const double *totals = quern_block_sums(values);
      if (thread < QUERN_RECORD) {
        // a class has no binary cross-entropy and no counts
        int from = thread < QUERN_SUM_BCE ? thread : thread - 1;
        double sum = thread == QUERN_SUM_BCE || thread >= QUERN_LOSS_SUMS ? 0.0 : totals[from];
        double *record =
            args.partials
            + ((pool * args.classes + c) * args.chunks + chunk) * QUERN_RECORD + thread;
        *record = round == 0 ? sum : *record + sum;
      }
    }
    if constexpr (GRADIENT) {
      const QuernLossCoefficients *k =
          (const QuernLossCoefficients *)args.coefficients + pool * args.classes;
#pragma unroll
      for (int j = 0; j < QUERN_PIXELS; j++) {
        if (start + j * QUERN_THREADS + thread < end) {
          segmentation_pixel_gradient(args, o, own[j], k);
        }
      }
    }
  }
  first_fault = quern_block_least(first_fault);
  if (thread == 0) {
    args.faults[blockIdx.x] = first_fault;
  }
}

typedef struct {
  const void *logits;
  const void *target;
  const QuernLossOptions *options;
  double *partials;
  long long *faults;
  long long images;
  int classes;
  long long pixels;
  long long chunks;
  int rounds;
  int terms;
  int logits_dtype;
  int target_dtype;
} SegmentationClassSumsArgs;

QUERN_KERNEL(segmentation_class_sums, SegmentationClassSumsArgs) {
  segmentation_class_chunk<false>(args);
}

typedef struct {
  const void *logits;
  const void *target;
  const QuernLossOptions *options;
  const float *coefficients;
  void *gradient;
  double *partials;
  long long *faults;
  long long images;
  int classes;
  long long pixels;
  long long chunks;
  int rounds;
  int terms;
  int logits_dtype;
  int target_dtype;
} SegmentationClassOnePassArgs;

// The same, and the gradient from coefficients that are known beforehand.
QUERN_KERNEL(segmentation_class_one_pass, SegmentationClassOnePassArgs) {
  segmentation_class_chunk<true>(args);
}

typedef struct {
  const void *logits;
  const void *target;
  const QuernLossOptions *options;
  const float *coefficients;
  void *gradient;
  long long images;
  int classes;
  long long pixels;
  long long tiles;
  int terms;
  int logits_dtype;
  int target_dtype;
} SegmentationClassGradientArgs;

// One block for each tile of a pool, tiles of them for each.
QUERN_KERNEL(segmentation_class_gradient, SegmentationClassGradientArgs) {
  QuernLossOptions o = *args.options;
  long long pool = blockIdx.x / args.tiles;
  long long start = blockIdx.x % args.tiles * QUERN_TILE;
  QuernPixel base = quern_pixel_ahead(pool * args.images, start, args.pixels);
  const QuernLossCoefficients *k =
      (const QuernLossCoefficients *)args.coefficients + pool * args.classes;
  for (int j = 0; j < QUERN_PIXELS; j++) {
    int ahead = j * QUERN_THREADS + (int)threadIdx.x;
    if (start + ahead < args.images * args.pixels) {
      SegmentationPixel p = segmentation_pixel(
          args, o, quern_pixel_ahead(base.image, base.pixel + ahead, args.pixels));
      segmentation_pixel_gradient(args, o, p, k);
    }
  }
}

typedef struct {
  const void *logits;
  const void *target;
  const QuernLossOptions *options;
  float *losses;
  long long *faults;
  long long images;
  int classes;
  long long pixels;
  long long tiles;
  int terms;
  int logits_dtype;
  int target_dtype;
} SegmentationClassLossesArgs;

// The losses of all pixels without reduction; a block for each tile of a pool, tiles of them for each.
QUERN_KERNEL(segmentation_class_losses, SegmentationClassLossesArgs) {
  QuernLossOptions o = *args.options;
  long long pool = blockIdx.x / args.tiles;
  long long start = blockIdx.x % args.tiles * QUERN_TILE;
  QuernPixel base = quern_pixel_ahead(pool * args.images, start, args.pixels);
  double factor = quern_loss_terms(args.options)[0].weight;
  long long first_fault = QUERN_NONE;
  for (int j = 0; j < QUERN_PIXELS; j++) {
    int ahead = j * QUERN_THREADS + (int)threadIdx.x;
    long long i = pool * args.images * args.pixels + start + ahead;
    if (start + ahead < args.images * args.pixels) {
      SegmentationPixel p = segmentation_pixel(
          args, o, quern_pixel_ahead(base.image, base.pixel + ahead, args.pixels));
      QuernPixelSums s = {};
      for (int c = 0; p.counts && c < args.classes; c++) {
        float x = segmentation_input(args, p.element, c);
        QuernClass k = quern_class(o.probabilities, p.softmax, c, x);
        quern_add_class(
            &o, segmentation_factors(args, c), k, x, segmentation_share(args, o, p, c), &s, &s);
      }
      if (!p.counts && p.label != o.ignored) {
        first_fault = i < first_fault ? i : first_fault;
      }
      args.losses[i] = (float)(factor * ((double)s.cross_entropy + s.softmax_focal));
    }
  }
  first_fault = quern_block_least(first_fault);
  if (threadIdx.x == 0) {
    args.faults[blockIdx.x] = first_fault;
  }
}

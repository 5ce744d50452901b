// Fused segmentation losses of pixels whose classes exclude one another, of any number of classes:
// the passes over the pixels. Totals and epilogue are those of segmentation.cl, which says what
// pools and segments are.
//
// - Formula: any weighted sum of the terms of loss_class.inc.
// - Pass 1: a group sums one chunk of a pool's pixels, rounds of QUERN_TILE. A work-item keeps the
//   softmax of its few pixels (two runs over the classes), then all go through the classes together
//   and leave a record for each class, so that nothing grows with the number of classes; the last
//   is class 0, whose record takes what belongs to the pixels.
// - Pass 2: a work-item has a pixel: softmax, the sum of the classes' slopes, then the gradient
//   class by class, each logit read before its gradient is written.
// - Tail: pixels behind the pool's end, ignored and faulty ones add nothing (but to the number of
//   valid ones and the weight of their labels); the gradient of the latter two is 0 whatever their
//   logits are.
// - Deterministic: all orders depend on the extents and the kind of device only; the only atomic is
//   an integer minimum.

#include "prelude.cl"
#include "math.inc"
#include "loss_table.inc"
#include "loss_element.inc"
#include "loss_class.inc"
#include "segmentation_operands.cl"

// What a kernel over the pixels reads: to be declared, and to be passed on.
#define SEGMENTATION_READ \
    __global const void *logits, \
    const long logits_offset, \
    __global const void *target, \
    const long target_offset, \
    __global const QuernLossOptions *options, \
    const long options_offset
#define SEGMENTATION_READ_GIVEN \
    logits, logits_offset, target, target_offset, options, options_offset

// The pixels that one work-item takes in a round.
#define QUERN_PIXELS QUERN_MAP_ITEMS

// The sums of a class that are not 0, in the order in which they are added up.
#define QUERN_CLASS_SUMS 9

// What a group works on.
typedef struct {
  QuernLossOptions options;
  __global const QuernLossOptions *table;
  __global const void *logits;
  __global const void *target;
  int logits_dtype;
  int target_dtype;
  int terms;
  int classes;
  long pixels;
} SegmentationBatch;

// A pixel: the element of its first class, its label (its share of class 0 if it has shares), whether
// it counts.
typedef struct {
  long element;
  float label;
  int counts;
  QuernSoftmax softmax;
} SegmentationPixel;

QUERN_INLINE QuernClassFactors segmentation_factors(const SegmentationBatch *b, int c) {
  return quern_class_factors(b->table, b->terms, b->classes, c);
}

QUERN_INLINE float segmentation_input(const SegmentationBatch *b, long element, int c) {
  return quern_load_float(b->logits, b->logits_dtype, element + c * b->pixels);
}

// The target of one class.
QUERN_INLINE float segmentation_share(
    const SegmentationBatch *b, const SegmentationPixel *p, int c) {
  if (b->options.one_hot) {
    return quern_load_float(b->target, b->target_dtype, p->element + c * b->pixels);
  }
  return p->label == (float)c ? 1.0f : 0.0f;
}

QUERN_INLINE int segmentation_is_label(float label, int classes) {
  return label >= 0.0f && label < (float)classes && label == (float)(int)label;
}

// The softmax of the pixel with that element.
QUERN_INLINE QuernSoftmax segmentation_softmax(const SegmentationBatch *b, long element) {
  if (b->options.probabilities) {
    return quern_softmax(0.0f, 0, 0.0f);
  }
  float largest = segmentation_input(b, element, 0);
  int first = 0;
  for (int c = 1; c < b->classes; c++) {
    float x = segmentation_input(b, element, c);
    first = x > largest ? c : first;
    largest = x > largest ? x : largest;
  }
  float rest = 0.0f;
  for (int c = 0; c < b->classes; c++) {
    float x = segmentation_input(b, element, c);
    rest += c == first ? 0.0f : quern_exp(x - largest);
  }
  return quern_softmax(largest, first, rest);
}

// Reads a pixel: pixel at of a batch.
QUERN_INLINE SegmentationPixel segmentation_pixel(const SegmentationBatch *b, QuernPixel at) {
  SegmentationPixel p;
  p.element = at.image * b->classes * b->pixels + at.pixel;
  p.label = quern_load_float(
      b->target, b->target_dtype,
      b->options.one_hot ? p.element : at.image * b->pixels + at.pixel);
  p.counts = p.label != b->options.ignored
      && (b->options.one_hot || segmentation_is_label(p.label, b->classes));
  if (p.counts) {
    p.softmax = segmentation_softmax(b, p.element);
  }
  return p;
}

QUERN_INLINE QuernClass segmentation_class(
    const SegmentationBatch *b, const SegmentationPixel *p, int c) {
  return quern_class(
      b->options.probabilities, p->softmax, c, segmentation_input(b, p->element, c));
}

// The slope of one class, measured from that of the likeliest.
QUERN_INLINE float segmentation_slope(
    const SegmentationBatch *b,
    const SegmentationPixel *p,
    QuernLossCoefficients k,
    float anchor,
    int c) {
  return quern_class_slope(
      &b->options, k, segmentation_factors(b, c), segmentation_class(b, p, c),
      segmentation_share(b, p, c), anchor, c == p->softmax.first);
}

// Writes the gradient of a pixel.
QUERN_INLINE void segmentation_pixel_gradient(
    const SegmentationBatch *b,
    const SegmentationPixel *p,
    __global const QuernLossCoefficients *coefficients,
    __global void *gradient) {
  int likeliest = 0;
  float anchor = 0.0f;
  float sum = 0.0f;  // of the slopes of all classes but the likeliest
  float first_slope = 0.0f;
  if (p->counts) {
    likeliest = p->softmax.first;
    anchor = quern_class_anchor(
        &b->options, coefficients[likeliest], segmentation_class(b, p, likeliest),
        segmentation_share(b, p, likeliest));
    first_slope = segmentation_slope(b, p, coefficients[likeliest], anchor, likeliest);
  }
  for (int c = 0; p->counts && c < b->classes; c++) {
    sum += c == likeliest ? 0.0f : segmentation_slope(b, p, coefficients[c], anchor, c);
  }
  for (int c = 0; c < b->classes; c++) {
    float g = 0.0f;
    if (p->counts) {
      float x = segmentation_input(b, p->element, c);
      float r = segmentation_slope(b, p, coefficients[c], anchor, c);
      float others = c == likeliest ? sum : (sum - r) + first_slope;
      g = quern_class_gradient(
          &b->options, coefficients[c], segmentation_class(b, p, c), x,
          segmentation_share(b, p, c), r, others);
    }
    quern_store_float(g, gradient, b->logits_dtype, p->element + c * b->pixels);
  }
}

// Sums one chunk; writes its gradient, too, unless coefficients and gradient are null.
QUERN_INLINE void segmentation_class_chunk(
    SEGMENTATION_READ,
    __global const float *coefficients,
    const long coefficients_offset,
    __global void *gradient,
    const long gradient_offset,
    __global double *partials,
    const long partials_offset,
    __global long *faults,
    const long faults_offset,
    SEGMENTATION_EXTENT,
    const long chunks,
    const int rounds,
    SEGMENTATION_KINDS,
    __local double *items,
    __local double *rows,
    __local int *first_fault) {
  int item = (int)get_local_id(0);
  if (item == 0) {
    *first_fault = INT_MAX;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  SegmentationBatch b = {
    options[0], options, quern_from(logits, logits_dtype, logits_offset),
    quern_from(target, target_dtype, target_offset), logits_dtype, target_dtype, terms, classes,
    pixels};
  __global void *out = (__global void *)quern_from(gradient, logits_dtype, gradient_offset);
  long group = (long)get_group_id(0);
  long pool = group / chunks;
  long chunk = group % chunks;
  long first = chunk * rounds * QUERN_TILE;
  partials += partials_offset;
  for (int round = 0; round < rounds; round++) {
    long start = first + round * QUERN_TILE;
    QuernPixel base = quern_pixel_ahead(pool * images, start, pixels);
    SegmentationPixel own[QUERN_PIXELS];
    QuernPixelSums of_pixels = {0.0f};
    for (int j = 0; j < QUERN_PIXELS; j++) {
      int ahead = j * QUERN_GROUP + item;
      own[j].counts = 0;
      if (start + ahead < images * pixels) {
        own[j] = segmentation_pixel(&b, quern_pixel_ahead(base.image, base.pixel + ahead, pixels));
        int ignored = own[j].label == b.options.ignored;
        if (!ignored) {
          of_pixels.valid += 1.0f;
          // a faulty label weighs 1
          int known = own[j].counts && !b.options.one_hot;
          of_pixels.cross_entropy_weight +=
              known ? segmentation_factors(&b, (int)own[j].label).cross_entropy : 1.0f;
        }
        if (!ignored && !own[j].counts) {
          atomic_min(first_fault, round * (int)QUERN_TILE + ahead);
        }
      }
    }
    for (int c = classes - 1; c >= 0; c--) {
      QuernPixelSums s = {0.0f};
      QuernClassFactors factors = segmentation_factors(&b, c);
      for (int j = 0; j < QUERN_PIXELS; j++) {
        if (own[j].counts) {
          float x = segmentation_input(&b, own[j].element, c);
          QuernClass k = quern_class(b.options.probabilities, own[j].softmax, c, x);
          float t = segmentation_share(&b, &own[j], c);
          quern_add_class(&b.options, factors, k, x, t, &s, &of_pixels);
        }
      }
      // the overlap's three; focal, its norm and the number of valid elements;
      // the pixels' own
      double values[QUERN_CLASS_SUMS] = {
        s.true_positives, s.false_positives, s.false_negatives, s.focal, s.focal_norm, of_pixels.valid,
        c == 0 ? of_pixels.cross_entropy : 0.0f, c == 0 ? of_pixels.cross_entropy_weight : 0.0f,
        c == 0 ? of_pixels.softmax_focal : 0.0f};
      quern_sum_rows(QUERN_CLASS_SUMS, values, items, rows);
      if (item < QUERN_RECORD) {
        // a class has no binary cross-entropy and no counts
        int from = item < QUERN_SUM_BCE ? item : item - 1;
        double sum =
            item == QUERN_SUM_BCE || item >= QUERN_LOSS_SUMS ? 0.0 : quern_group_sum(from, rows);
        long record = ((pool * classes + c) * chunks + chunk) * QUERN_RECORD + item;
        partials[record] = round == 0 ? sum : partials[record] + sum;
      }
    }
    if (gradient) {
      for (int j = 0; j < QUERN_PIXELS; j++) {
        if (start + j * QUERN_GROUP + item < images * pixels) {
          segmentation_pixel_gradient(
              &b, &own[j],
              (__global const QuernLossCoefficients *)(coefficients + coefficients_offset)
                  + pool * classes,
              out);
        }
      }
    }
  }
  if (item == 0) {
    faults[faults_offset + group] =
        *first_fault == INT_MAX ? LONG_MAX : pool * images * pixels + first + *first_fault;
  }
}

QUERN_KERNEL void segmentation_class_sums(
    SEGMENTATION_READ,
    __global double *partials,
    const long partials_offset,
    __global long *faults,
    const long faults_offset,
    SEGMENTATION_EXTENT,
    const long chunks,
    const int rounds,
    SEGMENTATION_KINDS) {
  __local double items[QUERN_CLASS_SUMS * QUERN_GROUP];
  __local double rows[QUERN_CLASS_SUMS * QUERN_ROWS];
  __local int first_fault;
  segmentation_class_chunk(
      SEGMENTATION_READ_GIVEN, 0, 0, 0, 0, partials,
      partials_offset, faults, faults_offset, SEGMENTATION_EXTENT_GIVEN, chunks, rounds,
      SEGMENTATION_KINDS_GIVEN, items, rows, &first_fault);
}

// The same, and the gradient from coefficients that are known beforehand.
QUERN_KERNEL void segmentation_class_one_pass(
    SEGMENTATION_READ,
    __global const float *coefficients,
    const long coefficients_offset,
    __global void *gradient,
    const long gradient_offset,
    __global double *partials,
    const long partials_offset,
    __global long *faults,
    const long faults_offset,
    SEGMENTATION_EXTENT,
    const long chunks,
    const int rounds,
    SEGMENTATION_KINDS) {
  __local double items[QUERN_CLASS_SUMS * QUERN_GROUP];
  __local double rows[QUERN_CLASS_SUMS * QUERN_ROWS];
  __local int first_fault;
  segmentation_class_chunk(
      SEGMENTATION_READ_GIVEN, coefficients,
      coefficients_offset, gradient, gradient_offset, partials, partials_offset, faults,
      faults_offset, SEGMENTATION_EXTENT_GIVEN, chunks, rounds,
      SEGMENTATION_KINDS_GIVEN,
      items, rows, &first_fault);
}

// One group for each tile of a pool, tiles of them for each.
QUERN_KERNEL void segmentation_class_gradient(
    SEGMENTATION_READ,
    __global const float *coefficients,
    const long coefficients_offset,
    __global void *gradient,
    const long gradient_offset,
    SEGMENTATION_EXTENT,
    const long tiles,
    SEGMENTATION_KINDS) {
  SegmentationBatch b = {
    options[0], options, quern_from(logits, logits_dtype, logits_offset),
    quern_from(target, target_dtype, target_offset), logits_dtype, target_dtype, terms, classes,
    pixels};
  __global void *out = (__global void *)quern_from(gradient, logits_dtype, gradient_offset);
  long pool = (long)get_group_id(0) / tiles;
  long start = (long)get_group_id(0) % tiles * QUERN_TILE;
  QuernPixel base = quern_pixel_ahead(pool * images, start, pixels);
  __global const QuernLossCoefficients *k =
      (__global const QuernLossCoefficients *)(coefficients + coefficients_offset) + pool * classes;
  for (int j = 0; j < QUERN_MAP_ITEMS; j++) {
    int ahead = j * QUERN_GROUP + (int)get_local_id(0);
    if (start + ahead < images * pixels) {
      SegmentationPixel p =
          segmentation_pixel(&b, quern_pixel_ahead(base.image, base.pixel + ahead, pixels));
      segmentation_pixel_gradient(&b, &p, k, out);
    }
  }
}

// The losses of all pixels without reduction; a group for each tile of a pool, tiles of them for each.
QUERN_KERNEL void segmentation_class_losses(
    SEGMENTATION_READ,
    __global float *losses,
    const long losses_offset,
    __global long *faults,
    const long faults_offset,
    SEGMENTATION_EXTENT,
    const long tiles,
    SEGMENTATION_KINDS) {
  __local int first_fault;
  int item = (int)get_local_id(0);
  if (item == 0) {
    first_fault = INT_MAX;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  SegmentationBatch b = {
    options[0], options, quern_from(logits, logits_dtype, logits_offset),
    quern_from(target, target_dtype, target_offset), logits_dtype, target_dtype, terms, classes,
    pixels};
  long pool = (long)get_group_id(0) / tiles;
  long start = (long)get_group_id(0) % tiles * QUERN_TILE;
  QuernPixel base = quern_pixel_ahead(pool * images, start, pixels);
  for (int j = 0; j < QUERN_MAP_ITEMS; j++) {
    int ahead = j * QUERN_GROUP + item;
    if (start + ahead < images * pixels) {
      SegmentationPixel p =
          segmentation_pixel(&b, quern_pixel_ahead(base.image, base.pixel + ahead, pixels));
      QuernPixelSums s = {0.0f};
      for (int c = 0; p.counts && c < classes; c++) {
        float x = segmentation_input(&b, p.element, c);
        QuernClass k = quern_class(b.options.probabilities, p.softmax, c, x);
        quern_add_class(
            &b.options, segmentation_factors(&b, c), k, x, segmentation_share(&b, &p, c), &s, &s);
      }
      if (!p.counts && p.label != b.options.ignored) {
        atomic_min(&first_fault, ahead);
      }
      losses[losses_offset + pool * images * pixels + start + ahead] = (float)(
          quern_loss_terms(options)[0].weight * ((double)s.cross_entropy + s.softmax_focal));
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (item == 0) {
    faults[faults_offset + get_group_id(0)] =
        first_fault == INT_MAX ? LONG_MAX : pool * images * pixels + start + first_fault;
  }
}

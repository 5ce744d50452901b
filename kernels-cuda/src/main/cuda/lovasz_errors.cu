// Lovasz losses, between pixels and lists (lovasz_lists.cuh).
//
// - Formula: the errors of the pixels as keys to be sorted (lovasz.inc) in the lists of their
//   classes, and what each list weighs; at the end, from the derivatives by the probabilities of a
//   pixel those by its logits.
// - Fused: the softmax is computed where it is needed and stored nowhere.
// - Work: a thread takes four pixels (or lists), a block apart, with all their classes.
// - Tail: those behind the end take no part.
// - Deterministic: every result is one thread's; the only atomic is an integer minimum.

#include "prelude.cuh"

#include "math.inc"

#include "lovasz.inc"

// This thread's pixel number j of its block's tile: neighbours of the same class lie beside each
// other, those of a pixel do not.
QUERN_INLINE long long lovasz_pixel(int j) {
  return blockIdx.x * QUERN_TILE + j * QUERN_THREADS + threadIdx.x;
}

typedef struct {
  QuernLovaszList *lists;
  float *gradient;
  long long list_count;
  long long n;
  unsigned int *words;
  long long word_count;
} LovaszClearArgs;

// Empties the lists, the gradient unless it is null, which has n elements, and the words that the sort
// needs to be 0, word_count of them. (OpenCL's sort needs none.)
QUERN_KERNEL(lovasz_clear, LovaszClearArgs) {
  for (int j = 0; j < 4; j++) {
    long long i = lovasz_pixel(j);
    if (i < args.list_count) {
      QuernLovaszList list = {0.0, 0, 0, QUERN_LOVASZ_NO_FAULT, {0, 0, 0}};
      args.lists[i] = list;
    }
    if (i < args.word_count) {
      args.words[i] = 0;
    }
  }
  if (args.gradient) {
    QuernQuad zeros = {{0.0f, 0.0f, 0.0f, 0.0f}};
    quern_store(zeros, args.gradient, quern_tile_element(), args.n);
  }
}

typedef struct {
  const float *logits;
  const void *target;
  const int *classes;
  unsigned int *keys;
  unsigned int *payloads;
  QuernLovaszList *lists;
  long long n;
  long long length;
  long long pixels;
  long long ignored;
  int ignores;
  int target_dtype;
  int kind;
  int class_count;
  int list_classes;
} LovaszErrorsArgs;

// The keys of one pixel in the lists of all classes, and, where kept, its index in them with bit 0
// for a falling error. classes names the class of each list of an image, null if all are listed.
QUERN_KERNEL(lovasz_errors, LovaszErrorsArgs) {
  for (int j = 0; j < 4; j++) {
    long long t = lovasz_pixel(j);
    if (t >= args.n) {
      return;
    }
    int labels = args.kind == QUERN_LOVASZ_HINGE ? 2 : args.class_count;
    int label =
        quern_valid_label(args.target, args.target_dtype, t, args.ignores, args.ignored, labels);
    bool valid = label >= 0;
    long long first_list = t / args.length * args.list_classes;
    unsigned int index = (unsigned int)(t % args.length);
    if (label == QUERN_LABEL_FAULTY) {
      atomicMin(&args.lists[first_list].fault, index);
    }
    const float *pixel =
        args.logits + t / args.pixels * args.pixels * args.class_count + t % args.pixels;
    float greatest = 0.0f;
    float rest = 0.0f;
    if (valid && args.kind == QUERN_LOVASZ_SOFTMAX) {
      rest = quern_softmax_rest(pixel, args.class_count, args.pixels, &greatest);
    }
    for (int list = 0; list < args.list_classes; list++) {
      unsigned int key = QUERN_LOVASZ_DROPPED;
      long long place = (first_list + list) * args.length + index;
      if (valid) {
        int c = args.classes ? args.classes[list] : list;
        bool foreground = label == (args.kind == QUERN_LOVASZ_HINGE ? 1 : c);
        float x = pixel[c * args.pixels];
        int falling = foreground;
        float error =
            args.kind == QUERN_LOVASZ_SOFTMAX
                ? quern_lovasz_softmax_error(quern_softmax_exponential(x, greatest), rest, foreground)
                : quern_lovasz_error(args.kind, x, foreground, &falling);
        key = quern_lovasz_key(error, foreground);
        if (quern_lovasz_is_kept(key)) {
          args.payloads[place] = index << 1 | (unsigned int)falling;
        }
      }
      args.keys[place] = key;
    }
  }
}

typedef struct {
  QuernLovaszList *lists;
  long long list_count;
  int list_classes;
  int present_only;
} LovaszWeightsArgs;

// The weight of each list: 1 / (images times the classes averaged in its image), or 0 for a class
// that is absent where only present ones count; such a list is dropped.
QUERN_KERNEL(lovasz_weights, LovaszWeightsArgs) {
  for (int j = 0; j < 4; j++) {
    long long i = lovasz_pixel(j);
    if (i < args.list_count) {
      long long first = i - i % args.list_classes;
      int averaged = args.present_only ? 0 : args.list_classes;
      for (int c = 0; args.present_only && c < args.list_classes; c++) {
        averaged += args.lists[first + c].foreground > 0;
      }
      if (args.present_only && args.lists[i].foreground == 0) {
        args.lists[i].kept = 0;
      } else {
        args.lists[i].weight = 1.0 / ((double)(args.list_count / args.list_classes) * averaged);
      }
    }
  }
}

typedef struct {
  const float *logits;
  const void *target;
  float *gradient;
  long long n;
  long long pixels;
  long long ignored;
  int ignores;
  int target_dtype;
  int class_count;
} LovaszSoftmaxGradientArgs;

// Turns the gradient with respect to the probabilities of each pixel into that of its logits. The
// derivatives are taken relative to that of the likeliest class, which changes nothing but keeps
// their digits where its probability rounds to 1.
QUERN_KERNEL(lovasz_softmax_gradient, LovaszSoftmaxGradientArgs) {
  int classes = args.class_count;
  for (int j = 0; j < 4; j++) {
    long long t = lovasz_pixel(j);
    if (t >= args.n) {
      return;
    }
    int label =
        quern_valid_label(args.target, args.target_dtype, t, args.ignores, args.ignored, classes);
    if (label >= 0) {
      long long first = t / args.pixels * args.pixels * classes + t % args.pixels;
      const float *pixel = args.logits + first;
      float *derivatives = args.gradient + first;
      float greatest;
      float rest = quern_softmax_rest(pixel, classes, args.pixels, &greatest);
      int likeliest = 0;
      while (likeliest < classes - 1 && pixel[likeliest * args.pixels] != greatest) {
        likeliest++;
      }
      float base = derivatives[likeliest * args.pixels];
      float mean = 0.0f;
      for (int c = 0; c < classes; c++) {
        float e = quern_softmax_exponential(pixel[c * args.pixels], greatest);
        float p = quern_lovasz_softmax_error(e, rest, 0);
        mean = QUERN_FMA(derivatives[c * args.pixels] - base, p, mean);
      }
      for (int c = 0; c < classes; c++) {
        float e = quern_softmax_exponential(pixel[c * args.pixels], greatest);
        float p = quern_lovasz_softmax_error(e, rest, 0);
        derivatives[c * args.pixels] = p * ((derivatives[c * args.pixels] - base) - mean);
      }
    }
  }
}

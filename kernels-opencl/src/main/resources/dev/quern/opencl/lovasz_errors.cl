// Lovasz losses, between pixels and lists (lovasz_lists.cl).
//
// - Formula: the errors of the pixels as keys to be sorted (lovasz.inc) in the lists of their
//   classes, and what each list weighs; at the end, from the derivatives by the probabilities of a
//   pixel those by its logits.
// - Fused: the softmax is computed where it is needed and stored nowhere.
// - Work: a work-item takes QUERN_MAP_ITEMS pixels (or lists), a group apart, with all their
//   classes.
// - Tail: those behind the end take no part.
// - Deterministic: every result is one work-item's; the only atomic is an integer minimum.

#include "prelude.cl"
#include "math.inc"
#include "lovasz.inc"

// Empties the lists, and the gradient unless it is null, which has n elements.
QUERN_KERNEL void lovasz_clear(
    __global QuernLovaszList *lists,
    const long lists_offset,
    __global float *gradient,
    const long gradient_offset,
    const long list_count,
    const long n) {
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < list_count) {
      QuernLovaszList list = {0.0, 0, 0, QUERN_LOVASZ_NO_FAULT, {0, 0, 0}};
      lists[lists_offset + i] = list;
    }
    if (gradient && i < n) {
      gradient[gradient_offset + i] = 0.0f;
    }
  }
}

// The keys of one pixel in the lists of all classes, and, where kept, its index in them with bit 0
// for a falling error. classes names the class of each list of an image, null if all are listed.
QUERN_KERNEL void lovasz_errors(
    __global const float *logits,
    const long logits_offset,
    __global const void *target,
    const long target_offset,
    __global const int *classes,
    const long classes_offset,
    __global uint *keys,
    const long keys_offset,
    __global uint *payloads,
    const long payloads_offset,
    __global QuernLovaszList *lists,
    const long lists_offset,
    const long n,
    const long length,
    const long pixels,
    const long ignored,
    const int ignores,
    const int target_dtype,
    const int kind,
    const int class_count,
    const int list_classes) {
  long t = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, t += QUERN_GROUP) {
    if (t < n) {
      int labels = kind == QUERN_LOVASZ_HINGE ? 2 : class_count;
      int label =
          quern_valid_label(target, target_dtype, target_offset + t, ignores, ignored, labels);
      int valid = label >= 0;
      long first_list = t / length * list_classes;
      uint index = (uint)(t % length);
      if (label == QUERN_LABEL_FAULTY) {
        atomic_min(&lists[lists_offset + first_list].fault, index);
      }
      __global const float *pixel =
          logits + logits_offset + t / pixels * pixels * class_count + t % pixels;
      float greatest = 0.0f;
      float rest = 0.0f;
      if (valid && kind == QUERN_LOVASZ_SOFTMAX) {
        rest = quern_softmax_rest(pixel, class_count, pixels, &greatest);
      }
      for (int list = 0; list < list_classes; list++) {
        uint key = QUERN_LOVASZ_DROPPED;
        long place = (first_list + list) * length + index;
        if (valid) {
          int c = classes ? classes[classes_offset + list] : list;
          int foreground = label == (kind == QUERN_LOVASZ_HINGE ? 1 : c);
          float x = pixel[c * pixels];
          int falling = foreground;
          float error =
              kind == QUERN_LOVASZ_SOFTMAX
                  ? quern_lovasz_softmax_error(quern_softmax_exponential(x, greatest), rest, foreground)
                  : quern_lovasz_error(kind, x, foreground, &falling);
          key = quern_lovasz_key(error, foreground);
          if (quern_lovasz_is_kept(key)) {
            payloads[payloads_offset + place] = index << 1 | (uint)falling;
          }
        }
        keys[keys_offset + place] = key;
      }
    }
  }
}

// The weight of each list: 1 / (images times the classes averaged in its image), or 0 for a class
// that is absent where only present ones count; such a list is dropped.
QUERN_KERNEL void lovasz_weights(
    __global QuernLovaszList *lists,
    const long lists_offset,
    const long list_count,
    const int list_classes,
    const int present_only) {
  lists += lists_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < list_count) {
      long first = i - i % list_classes;
      int averaged = present_only ? 0 : list_classes;
      for (int c = 0; present_only && c < list_classes; c++) {
        averaged += lists[first + c].foreground > 0;
      }
      if (present_only && lists[i].foreground == 0) {
        lists[i].kept = 0;
      } else {
        lists[i].weight = 1.0 / ((double)(list_count / list_classes) * averaged);
      }
    }
  }
}

// Turns the gradient with respect to the probabilities of each pixel into that of its logits. The
// derivatives are taken relative to that of the likeliest class, which changes nothing but keeps
// their digits where its probability rounds to 1.
QUERN_KERNEL void lovasz_softmax_gradient(
    __global const float *logits,
    const long logits_offset,
    __global const void *target,
    const long target_offset,
    __global float *gradient,
    const long gradient_offset,
    const long n,
    const long pixels,
    const long ignored,
    const int ignores,
    const int target_dtype,
    const int class_count) {
  long t = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, t += QUERN_GROUP) {
    if (t < n) {
      int label =
          quern_valid_label(target, target_dtype, target_offset + t, ignores, ignored, class_count);
      if (label >= 0) {
        long first = t / pixels * pixels * class_count + t % pixels;
        __global const float *pixel = logits + logits_offset + first;
        __global float *derivatives = gradient + gradient_offset + first;
        float greatest;
        float rest = quern_softmax_rest(pixel, class_count, pixels, &greatest);
        int likeliest = 0;
        while (likeliest < class_count - 1 && pixel[likeliest * pixels] != greatest) {
          likeliest++;
        }
        float base = derivatives[likeliest * pixels];
        float mean = 0.0f;
        for (int c = 0; c < class_count; c++) {
          float e = quern_softmax_exponential(pixel[c * pixels], greatest);
          float p = quern_lovasz_softmax_error(e, rest, 0);
          mean = fma(derivatives[c * pixels] - base, p, mean);
        }
        for (int c = 0; c < class_count; c++) {
          float e = quern_softmax_exponential(pixel[c * pixels], greatest);
          float p = quern_lovasz_softmax_error(e, rest, 0);
          derivatives[c * pixels] = p * ((derivatives[c * pixels] - base) - mean);
        }
      }
    }
  }
}

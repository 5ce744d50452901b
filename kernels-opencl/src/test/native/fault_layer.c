/* A layer between the ICD loader and the driver. When the file that QUERN_FAULT names holds a
 * function and an error, the next call of that function fails so, and the file is deleted. */

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef void *any;

static int (*real_build_program)(any, unsigned int, any, const char *, any, any);
static int (*real_finish)(any);
static any (*real_create_buffer)(any, unsigned long, size_t, any, int *);
static int (*real_enqueue)(any, any, unsigned int, any, any, any, unsigned int, any, any);

static int failure(const char *function) {
  const char *path = getenv("QUERN_FAULT");
  FILE *file = path ? fopen(path, "r") : NULL;
  char name[64] = "";
  int error = 0;
  if (!file) return 0;
  int read = fscanf(file, "%63s %d", name, &error);
  fclose(file);
  if (read != 2 || strcmp(name, function) != 0) return 0;
  unlink(path);
  return error;
}

static int build_program(
    any program, unsigned int count, any devices, const char *options, any done, any data) {
  /* the driver is asked all the same, since it answers for logs only then */
  int result = real_build_program(program, count, devices, options, done, data);
  int error = failure("clBuildProgram");
  return error ? error : result;
}

static int finish(any queue) {
  int error = failure("clFinish");
  return error ? error : real_finish(queue);
}

static any create_buffer(any context, unsigned long flags, size_t size, any host, int *result) {
  int error = failure("clCreateBuffer");
  if (!error) return real_create_buffer(context, flags, size, host, result);
  if (result) *result = error;
  return NULL;
}

static int enqueue(
    any queue, any kernel, unsigned int dimensions, any offset, any global, any local,
    unsigned int events, any wait_for, any event) {
  int error = failure("clEnqueueNDRangeKernel");
  return error ? error
               : real_enqueue(
                     queue, kernel, dimensions, offset, global, local, events, wait_for, event);
}

/* Places in the loader's table. */
enum { CREATE_BUFFER = 14, BUILD_PROGRAM = 30, FINISH = 47, ENQUEUE_ND_RANGE_KERNEL = 59 };

static any table[512];

EXPORT int clGetLayerInfo(unsigned int name, size_t size, void *value, size_t *size_needed) {
  if (name != 0x4240) return -30;
  if (value && size >= sizeof(unsigned int)) *(unsigned int *)value = 100;
  if (size_needed) *size_needed = sizeof(unsigned int);
  return 0;
}

EXPORT int clInitLayer(
    unsigned int entries, const any *target, unsigned int *entries_out, const any **layer) {
  if (entries > 512 || entries <= ENQUEUE_ND_RANGE_KERNEL) return -30;
  memcpy(table, target, entries * sizeof(any));
  real_create_buffer = (any (*)(any, unsigned long, size_t, any, int *))target[CREATE_BUFFER];
  real_build_program =
      (int (*)(any, unsigned int, any, const char *, any, any))target[BUILD_PROGRAM];
  real_finish = (int (*)(any))target[FINISH];
  real_enqueue = (int (*)(any, any, unsigned int, any, any, any, unsigned int, any, any))
      target[ENQUEUE_ND_RANGE_KERNEL];
  table[CREATE_BUFFER] = (any)create_buffer;
  table[BUILD_PROGRAM] = (any)build_program;
  table[FINISH] = (any)finish;
  table[ENQUEUE_ND_RANGE_KERNEL] = (any)enqueue;
  *entries_out = entries;
  *layer = table;
  return 0;
}

// Lets a C++ compiler take the kernel sources as they are. The threads of a block take turns on one
// thread of the system, and blocks may run on several (blocks.cpp), so memory of the block is that
// thread's.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

using std::isfinite;

#define __global__
#define __device__
#define __forceinline__ inline
#define __shared__ static __thread

struct Index {
  unsigned int x;
};

extern __thread Index threadIdx;
extern __thread Index blockIdx;
extern __thread Index gridDim;

struct alignas(16) float4 {
  float x, y, z, w;
};

struct alignas(4) uchar4 {
  unsigned char x, y, z, w;
};

inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }

inline float __fsqrt_rn(float x) { return sqrtf(x); }

inline float __int_as_float(int i) {
  float x;
  memcpy(&x, &i, 4);
  return x;
}

inline int __float_as_int(float x) {
  int i;
  memcpy(&i, &x, 4);
  return i;
}

inline unsigned int __umulhi(unsigned int a, unsigned int b) { return (uint64_t)a * b >> 32; }

void __syncthreads();

inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

template <class T>
T atomicAdd(T *p, T value) {
  return __atomic_fetch_add(p, value, __ATOMIC_RELAXED);
}

inline unsigned int atomicMin(unsigned int *p, unsigned int value) {
  unsigned int before = __atomic_load_n(p, __ATOMIC_RELAXED);
  while (value < before
      && !__atomic_compare_exchange_n(
          p, &before, value, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
  return before;
}

// Words that blocks leave for each other while they run.
void publish(unsigned int *word, unsigned int value);
unsigned int peek(const unsigned int *word);

#define QUERN_PUBLISH(word, value) publish(word, value)
#define QUERN_PEEK(word) peek(word)

inline int __popc(unsigned int bits) { return __builtin_popcount(bits); }

void sync_warp();
int lane();

inline void __syncwarp() { sync_warp(); }

// Leaves a value for the other lanes of the warp, until the exchange after the next: so one barrier is
// enough, as no lane begins that one before all have ended this one.
void offer(const void *value, size_t bytes);

// What a lane some way off has left.
const unsigned char *offered(int distance);

// Takes the value of a lane some way off, or its own where there is no such lane.
template <class T>
T shuffle(T value, int distance) {
  offer(&value, sizeof(T));
  sync_warp();
  T other = value;
  if (lane() + distance >= 0 && lane() + distance < 32) {
    memcpy(&other, offered(distance), sizeof(T));
  }
  return other;
}

template <class T>
T __shfl_down_sync(unsigned int mask, T value, int distance) {
  return shuffle(value, distance);
}

template <class T>
T __shfl_up_sync(unsigned int mask, T value, int distance) {
  return shuffle(value, -distance);
}

template <class T>
T __shfl_sync(unsigned int mask, T value, int source) {
  return shuffle(value, source - lane());
}

unsigned int __ballot_sync(unsigned int mask, int predicate);

// Makes a kernel known by its name.
typedef void (*KernelCall)(const void *arguments);
struct Kernel {
  KernelCall call;
  size_t argument_bytes;
  mutable int launches;
};
struct Registration {
  Registration(const char *name, KernelCall call, size_t argument_bytes);
};

// A kernel, or null if none has that name.
const Kernel *find_kernel(const char *name);

// Runs a kernel to its end.
void run_kernel(const Kernel &kernel, const void *arguments, unsigned int grid, unsigned int size);

// How blocks run from now on: on how many threads of the system beside each other (0: one after
// another on the caller's), in which order they begin, and how long one may be held up before it
// publishes something, in microseconds.
enum Order { SHUFFLED, ASCENDING, DESCENDING };
struct Concurrency {
  int threads;
  Order order;
  uint64_t seed;
  unsigned int delay;
};
void set_concurrency(Concurrency chosen);

// How often a block found nothing published yet, since the last call.
long take_waits();

#define QUERN_KERNEL(name, Args)                                                    \
  static void name(const Args &args);                                               \
  static Registration name##_registration(                                          \
      #name, [](const void *args) { name(*(const Args *)args); }, sizeof(Args));    \
  static void name(const Args &args)

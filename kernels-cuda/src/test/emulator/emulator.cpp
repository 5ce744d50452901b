// The part of CUDA's driver interface that the backend calls, on the CPU: enough to run the backend
// as it is, from its calls through JCuda to the arithmetic of its kernels (blocks.cpp), where there is
// no GPU. Everything is done when a call returns.
//
// A kernel of its own, emulated_fault, fails as one that reads where it must not: every later call
// on its device says so. emulated_failure has a function of the driver fail once. There are two
// devices; a handle or an address of one is refused by the other.

#include "emulation.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

constexpr int DEVICES = 2;
constexpr size_t MEMORY_BYTES = 4ull << 30;

// A device, its primary context, and what stands for any stream, event or module on it.
struct Device {
  int sticky = 0;
  size_t allocated = 0;
};

Device devices[DEVICES];
thread_local Device *chosen = devices;

struct Block {
  Device *device;
  size_t bytes;
};

std::unordered_map<uint64_t, Block> &blocks() {
  static std::unordered_map<uint64_t, Block> all;
  return all;
}

// What the next call of a function is to fail with.
std::map<std::string, int> &failures() {
  static std::map<std::string, int> all;
  return all;
}

int failure(const char *function) {
  auto found = failures().find(function);
  if (found == failures().end()) return 0;
  int error = found->second;
  failures().erase(found);
  return error;
}

// Whether an address range lies within one block of the current device.
bool is_inside(uint64_t address, size_t bytes) {
  for (auto &[start, block] : blocks()) {
    if (address >= start && address + bytes <= start + block.bytes) return block.device == chosen;
  }
  return false;
}

}  // namespace

struct EmulatedFaultArgs {
  int unused;
};

QUERN_KERNEL(emulated_fault, EmulatedFaultArgs) { chosen->sticky = 700; }

#define DRIVER extern "C" __attribute__((visibility("default"))) int
#define RETURN_IF_FAILED \
  if (int error = failure(__func__)) return error

// For calls that use the current context.
#define ENTER       \
  RETURN_IF_FAILED; \
  if (chosen->sticky) return chosen->sticky

// For calls with a handle: one of another device's is refused as by the driver.
#define ENTER_WITH(handle) \
  ENTER;                   \
  if ((handle) != chosen) return 400

// Has the next call of a function fail with an error; no part of the driver.
DRIVER emulated_failure(const char *function, int error) {
  return failures()[function] = error, 0;
}

// Has the blocks of kernels run beside each other (emulation.h); no part of the driver.
DRIVER emulated_concurrency(int threads, int order, uint64_t seed, unsigned int delay) {
  return set_concurrency({threads, (Order)order, seed, delay}), 0;
}

// How often a block had to wait for another since the last call; no part of the driver.
DRIVER emulated_waits() { return (int)take_waits(); }

// How often a kernel was launched since the last call; no part of the driver.
DRIVER emulated_launches(const char *name) {
  const Kernel *kernel = find_kernel(name);
  return kernel ? __atomic_exchange_n(&kernel->launches, 0, __ATOMIC_RELAXED) : 0;
}

DRIVER cuInit(unsigned int) {
  RETURN_IF_FAILED;
  return 0;
}
DRIVER cuDriverGetVersion(int *version) { return *version = 13000, 0; }
DRIVER cuDeviceGetCount(int *count) {
  RETURN_IF_FAILED;
  return *count = DEVICES, 0;
}
DRIVER cuDeviceGet(int *device, int ordinal) {
  return ordinal < 0 || ordinal >= DEVICES ? 101 : (*device = ordinal, 0);
}
DRIVER cuDeviceGetName(char *name, int size, int) {
  return snprintf(name, (size_t)size, "emulated device"), 0;
}
DRIVER cuDeviceTotalMem_v2(size_t *bytes, int) { return *bytes = MEMORY_BYTES, 0; }
DRIVER cuDeviceGetAttribute(int *value, int attribute, int) {
  *value = attribute == 75 ? 9 : attribute == 76 ? 0 : 1;
  return 0;
}
DRIVER cuDevicePrimaryCtxRetain(void **context, int device) {
  RETURN_IF_FAILED;
  return *context = devices + device, 0;
}
DRIVER cuDevicePrimaryCtxRelease_v2(int device) { return devices[device].sticky = 0; }
DRIVER cuCtxSetCurrent(void *context) { return chosen = (Device *)context, 0; }
DRIVER cuMemGetInfo_v2(size_t *left, size_t *total) {
  ENTER;
  *left = MEMORY_BYTES - chosen->allocated;
  *total = MEMORY_BYTES;
  return 0;
}
DRIVER cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  ENTER;
  if (bytes == 0) return 1;
  if (bytes > MEMORY_BYTES - chosen->allocated) return 2;
  *address = (uint64_t)aligned_alloc(256, (bytes + 255) / 256 * 256);
  blocks()[*address] = {chosen, bytes};
  chosen->allocated += bytes;
  return 0;
}
DRIVER cuMemFree_v2(uint64_t address) {
  RETURN_IF_FAILED;
  auto block = blocks().find(address);
  if (block == blocks().end() || block->second.device != chosen) return 1;
  chosen->allocated -= block->second.bytes;
  blocks().erase(block);
  free((void *)address);
  return chosen->sticky;
}
DRIVER cuMemAllocHost_v2(void **address, size_t bytes) {
  ENTER;
  *address = malloc(bytes);
  return 0;
}
DRIVER cuMemFreeHost(void *address) { return free(address), chosen->sticky; }
DRIVER cuMemcpyHtoDAsync_v2(uint64_t target, const void *source, size_t bytes, void *stream) {
  ENTER_WITH(stream);
  if (!is_inside(target, bytes)) return 1;
  memcpy((void *)target, source, bytes);
  return 0;
}
DRIVER cuMemcpyDtoHAsync_v2(void *target, uint64_t source, size_t bytes, void *stream) {
  ENTER_WITH(stream);
  if (!is_inside(source, bytes)) return 1;
  memcpy(target, (void *)source, bytes);
  return 0;
}
DRIVER cuMemcpyDtoDAsync_v2(uint64_t target, uint64_t source, size_t bytes, void *stream) {
  ENTER_WITH(stream);
  if (!is_inside(source, bytes) || !is_inside(target, bytes)) return 1;
  memcpy((void *)target, (void *)source, bytes);
  return 0;
}
DRIVER cuStreamCreate(void **stream, unsigned int) {
  ENTER;
  return *stream = chosen, 0;
}
DRIVER cuStreamSynchronize(void *stream) {
  ENTER_WITH(stream);
  return 0;
}
DRIVER cuStreamDestroy_v2(void *) { return chosen->sticky; }
DRIVER cuEventCreate(void **event, unsigned int) {
  ENTER;
  return *event = chosen, 0;
}
DRIVER cuEventRecord(void *event, void *stream) {
  ENTER_WITH(stream);
  return event == stream ? 0 : 400;
}
DRIVER cuEventSynchronize(void *event) {
  ENTER_WITH(event);
  return 0;
}
DRIVER cuEventDestroy_v2(void *) { return chosen->sticky; }
DRIVER cuModuleLoadData(void **module, const void *) {
  ENTER;
  return *module = chosen, 0;
}
DRIVER cuModuleUnload(void *) { return chosen->sticky; }
DRIVER cuModuleGetFunction(void **function, void *module, const char *name) {
  ENTER_WITH(module);
  *function = (void *)find_kernel(name);
  return *function ? 0 : 500;
}
DRIVER cuLaunchKernel(
    void *function, unsigned int grid, unsigned int grid_y, unsigned int grid_z, unsigned int size,
    unsigned int size_y, unsigned int size_z, unsigned int, void *stream, void **parameters,
    void **) {
  ENTER_WITH(stream);
  if (grid == 0 || grid_y != 1 || grid_z != 1 || size != 256 || size_y != 1 || size_z != 1) return 1;
  const Kernel &kernel = *(const Kernel *)function;
  __atomic_fetch_add(&kernel.launches, 1, __ATOMIC_RELAXED);
  std::vector<char> arguments(kernel.argument_bytes);
  memcpy(arguments.data(), parameters[0], arguments.size());
  run_kernel(kernel, arguments.data(), grid, size);
  return 0;
}

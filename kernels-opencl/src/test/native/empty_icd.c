/* A driver that registers with the ICD loader, has a platform, and has no device. It takes types of devices
   as strictly as Mesa does. */

#include <stddef.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define DEVICE_NOT_FOUND (-1)
#define INVALID_DEVICE_TYPE (-31)
#define DEVICE_TYPE_ALL 0xFFFFFFFFu
#define INVALID_VALUE (-30)

struct platform {
  void **dispatch;
};

static int get_platform_info(
    struct platform *platform, unsigned int name, size_t size, void *value, size_t *size_needed) {
  (void)platform;
  const char *text;
  switch (name) {
    case 0x0900: text = "FULL_PROFILE"; break;
    case 0x0901: text = "OpenCL 1.2"; break;
    case 0x0902: text = "Platform Without Devices"; break;
    case 0x0903: text = "nobody"; break;
    case 0x0904: text = "cl_khr_icd"; break;
    case 0x0920: text = "NONE"; break;
    default: return INVALID_VALUE;
  }
  size_t needed = strlen(text) + 1;
  if (value && size < needed) return INVALID_VALUE;
  if (value) memcpy(value, text, needed);
  if (size_needed) *size_needed = needed;
  return 0;
}

static int get_device_ids(
    struct platform *platform, unsigned long type, unsigned int room, void *devices,
    unsigned int *count) {
  (void)platform, (void)room, (void)devices;
  if (type != DEVICE_TYPE_ALL) return INVALID_DEVICE_TYPE;
  if (count) *count = 0;
  return DEVICE_NOT_FOUND;
}

static int get_platform_ids(unsigned int room, struct platform **platforms, unsigned int *count);

/* The loader's table; its first four places are clGetPlatformIDs and the functions above. */
static void *dispatch[256] = {get_platform_ids, get_platform_info, get_device_ids};
static struct platform the_platform = {dispatch};

static int get_platform_ids(unsigned int room, struct platform **platforms, unsigned int *count) {
  if (platforms && room > 0) platforms[0] = &the_platform;
  if (count) *count = 1;
  return 0;
}

EXPORT void *clGetExtensionFunctionAddress(const char *name) {
  return strcmp(name, "clIcdGetPlatformIDsKHR") == 0 ? (void *)get_platform_ids
         : strcmp(name, "clGetPlatformInfo") == 0    ? (void *)get_platform_info
                                                     : NULL;
}

EXPORT int clIcdGetPlatformIDsKHR(
    unsigned int room, struct platform **platforms, unsigned int *count) {
  return get_platform_ids(room, platforms, count);
}

EXPORT int clGetPlatformInfo(
    struct platform *platform, unsigned int name, size_t size, void *value, size_t *size_needed) {
  return get_platform_info(platform, name, size, value, size_needed);
}

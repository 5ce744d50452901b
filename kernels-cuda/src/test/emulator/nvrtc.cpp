// The part of CUDA's compiler library that the backend calls, where there is none: it checks what it
// is given and returns the source's own text as what it compiled. The emulated driver finds kernels
// by their names, so an engine whose kernels come from here runs.

#include <cstdio>
#include <cstring>
#include <map>
#include <string>

namespace {

struct Program {
  std::string source;
  std::map<std::string, std::string> headers;
  std::string log;
  std::string output;
};

const int ARCHITECTURES[] = {50, 70, 75, 80, 90};
constexpr int COMPILATION = 6;

// Whether all that a text includes was given.
bool is_complete(Program &program, const std::string &text) {
  const char *directive = "#include \"";
  for (size_t at = text.find(directive); at != std::string::npos; at = text.find(directive, at + 1)) {
    size_t start = at + strlen(directive);
    std::string header = text.substr(start, text.find('"', start) - start);
    if (program.headers.count(header) == 0) {
      program.log = "cannot open source file \"" + header + "\"";
      return false;
    }
  }
  return true;
}

}  // namespace

#define NVRTC extern "C" __attribute__((visibility("default"))) int

extern "C" __attribute__((visibility("default"))) const char *nvrtcGetErrorString(int error) {
  return error == COMPILATION ? "NVRTC_ERROR_COMPILATION" : "NVRTC_ERROR_INVALID_INPUT";
}
NVRTC nvrtcVersion(int *major, int *minor) { return *major = 12, *minor = 8, 0; }
NVRTC nvrtcGetNumSupportedArchs(int *count) {
  return *count = sizeof(ARCHITECTURES) / sizeof(int), 0;
}
NVRTC nvrtcGetSupportedArchs(int *all) { return memcpy(all, ARCHITECTURES, sizeof(ARCHITECTURES)), 0; }
NVRTC nvrtcCreateProgram(
    Program **program, const char *source, const char *, int count, const char *const *headers,
    const char *const *names) {
  *program = new Program();
  (*program)->source = source;
  for (int i = 0; i < count; i++) {
    (*program)->headers[names[i]] = headers[i];
  }
  return 0;
}
NVRTC nvrtcDestroyProgram(Program **program) {
  delete *program;
  *program = nullptr;
  return 0;
}
NVRTC nvrtcCompileProgram(Program *program, int count, const char *const *options) {
  for (int i = 0; i < count; i++) {
    program->output += std::string("// ") + options[i] + "\n";
  }
  program->output += program->source;
  if (program->source.find("#error") != std::string::npos) {
    program->log = "#error directive";
    return COMPILATION;
  }
  bool complete = is_complete(*program, program->source);
  for (auto &header : program->headers) {
    complete = complete && is_complete(*program, header.second);
  }
  return complete ? 0 : COMPILATION;
}
NVRTC nvrtcGetProgramLogSize(Program *program, size_t *size) {
  return *size = program->log.size() + 1, 0;
}
NVRTC nvrtcGetProgramLog(Program *program, char *log) { return strcpy(log, program->log.c_str()), 0; }
NVRTC nvrtcGetPTXSize(Program *program, size_t *size) {
  return *size = program->output.size() + 1, 0;
}
NVRTC nvrtcGetPTX(Program *program, char *ptx) { return strcpy(ptx, program->output.c_str()), 0; }
NVRTC nvrtcGetCUBINSize(Program *program, size_t *size) { return nvrtcGetPTXSize(program, size); }
NVRTC nvrtcGetCUBIN(Program *program, char *code) { return nvrtcGetPTX(program, code); }

// CodeListener: who wants to know of every translation, as profilers do.
#pragma once

#include <cstddef>
#include <cstdint>

namespace xarch::tcg {

// Called with the translation lock held, by whoever translates; calls no engine.
class CodeListener {
 public:
  virtual ~CodeListener() = default;
  // Memory for code begins at this host address; its first `stub_bytes` are the engine's own code.
  virtual void begin_code(const uint8_t* start, size_t bytes, size_t stub_bytes) = 0;
  // It will be unmapped.
  virtual void end_code(const uint8_t* start) = 0;
  // Guest code at pc has been translated; the code is there and stays unchanged until end_code.
  virtual void translated(uint64_t pc, const uint8_t* code, uint32_t bytes) = 0;
};

}  // namespace xarch::tcg

// Every function here may be left in the middle by siglongjmp from a signal handler: no object with a
// destructor, and one host instruction for what must not be done by halves.
#include <emmintrin.h>

#include <cstring>

#include "tcg/backend/interp/host_access.h"
#include "tcg/backend/interp/memory.h"

namespace xarch::tcg {

using ir::MemDesc;

namespace {

constexpr uintptr_t kPageBytes = 4096;

uint8_t* host(CpuHeader* cpu, uint64_t vaddr) { return reinterpret_cast<uint8_t*>(vaddr + cpu->guest_base); }

// One host instruction each, so that a page-crossing access moves all bytes or none.
template <typename T>
T load_once(const void* p) {
  struct __attribute__((packed, may_alias)) Unaligned {
    T v;
  };
  return static_cast<const volatile Unaligned*>(p)->v;
}
template <typename T>
void store_once(void* p, T v) {
  struct __attribute__((packed, may_alias)) Unaligned {
    T v;
  };
  static_cast<volatile Unaligned*>(p)->v = v;
}

// Aligned 16-byte SSE accesses are single-copy atomic on every processor with AVX (Intel SDM vol. 3, 9.1.1).
void load16(const void* p, uint64_t* value) {
  __m128i v;
  asm volatile("movdqu %1, %0" : "=x"(v) : "m"(*static_cast<const __m128i_u*>(p)));
  std::memcpy(value, &v, sizeof v);
}
void store16(void* p, const uint64_t* value) {
  __m128i v;
  std::memcpy(&v, value, sizeof v);
  asm volatile("movdqu %1, %0" : "=m"(*static_cast<__m128i_u*>(p)) : "x"(v));
}

// Faults as a store would, without changing anything. Compilers make a load of the builtin, or nothing.
void touch_for_write(uint8_t* p) { asm volatile("lock orb $0, %0" : "+m"(*p) : : "cc", "memory"); }

}  // namespace

bool FlatInterpMemory::load(CpuHeader* cpu, uint64_t vaddr, MemDesc d, uint64_t* value) {
  const uint8_t* const p = host(cpu, vaddr);
  switch (d.bytes()) {
    case 1: value[0] = load_once<uint8_t>(p); break;
    case 2: value[0] = load_once<uint16_t>(p); break;
    case 4: value[0] = load_once<uint32_t>(p); break;
    case 8: value[0] = load_once<uint64_t>(p); break;
    case 16: load16(p, value); break;
    default:
      load16(p, value);
      load16(p + 16, value + 2);
      break;
  }
  swap_elements(d, d.big, value);
  return true;
}

bool FlatInterpMemory::store(CpuHeader* cpu, uint64_t vaddr, MemDesc d, const uint64_t* value) {
  uint8_t* const p = host(cpu, vaddr);
  uint64_t v[4];
  std::memcpy(v, value, sizeof v);
  swap_elements(d, d.big, v);
  switch (d.bytes()) {
    case 1: store_once(p, static_cast<uint8_t>(v[0])); break;
    case 2: store_once(p, static_cast<uint16_t>(v[0])); break;
    case 4: store_once(p, static_cast<uint32_t>(v[0])); break;
    case 8: store_once(p, v[0]); break;
    case 16: store16(p, v); break;
    default:
      touch_for_write(p);
      touch_for_write(p + 31);
      store16(p, v);
      store16(p + 16, v + 2);
      break;
  }
  if (d.order == ir::Order::kSeqCst) __atomic_thread_fence(__ATOMIC_SEQ_CST);
  return true;
}

bool FlatInterpMemory::cas(CpuHeader* cpu, uint64_t vaddr, MemDesc d, const uint64_t* expected,
                           const uint64_t* desired, uint64_t* old) {
  host_cas_ordered(host(cpu, vaddr), d, d.big, expected, desired, old);
  return true;
}

bool FlatInterpMemory::rmw(CpuHeader* cpu, uint64_t vaddr, MemDesc d, ir::RmwOp op, uint64_t value,
                           uint64_t* old) {
  *old = host_rmw(host(cpu, vaddr), d, d.big, op, value);
  return true;
}

bool FlatInterpMemory::probe(CpuHeader* cpu, uint64_t vaddr, MemDesc d, ir::ProbeKind kind) {
  uint8_t* const first = host(cpu, vaddr);
  uint8_t* const last = first + d.bytes() - 1;
  switch (kind) {
    case ir::ProbeKind::kLoad:
      load_once<uint8_t>(first);
      load_once<uint8_t>(last);
      break;
    case ir::ProbeKind::kStore:
      touch_for_write(first);
      touch_for_write(last);
      break;
    case ir::ProbeKind::kTail:
      if (reinterpret_cast<uintptr_t>(last) % kPageBytes >= d.bytes()) break;
      touch_for_write(first - d.bytes());
      touch_for_write(last - reinterpret_cast<uintptr_t>(last) % kPageBytes);
      break;
  }
  return true;
}

}  // namespace xarch::tcg

#include <cstdio>

#include "tests/emitter/forms.h"

namespace xarch::test {

alignas(4096) uint8_t code_buffer[kBufferSize];

namespace {

constexpr int32_t kDisps[] = {0, 1, -1, 127, -128, 128, -129, 0x12345678, INT32_MIN, INT32_MAX};

std::vector<Mem> make_modes() {
  std::vector<Mem> v;
  for (unsigned b = 0; b < 16; b++) {
    const Reg base = static_cast<Reg>(b);
    for (int32_t d : {0, 8, -128, 0x1000}) v.push_back(Mem::at(base, d));
    for (unsigned k = 0; k < 4; k++) {
      const Reg index = static_cast<Reg>((b * 3 + k * 5 + 1) & 15);
      if (index == Reg::rsp) continue;
      v.push_back(Mem::at(base, index, k, static_cast<int32_t>(k) * 64 - 64));
    }
    if (base != Reg::rsp) v.push_back(Mem{.index = base, .scale = static_cast<uint8_t>(b & 3), .disp = -16});
  }
  for (int32_t d : kDisps) {
    v.push_back(Mem::at(Reg::rbp, d));
    v.push_back(Mem::at(Reg::r13, Reg::r12, 3, d));
    v.push_back(Mem{.disp = d});
  }
  for (int at : {0, 5000, 900000}) v.push_back(Mem::absolute(code_buffer + at));
  const size_t plain = v.size();
  for (size_t i = 0; i < plain; i += 7) v.push_back(v[i].in_gs());
  for (size_t i = 3; i < plain; i += 5) {
    if (!v[i].rip && v[i].base != Reg::none) v.push_back((i & 1 ? v[i].in_gs() : v[i]).in_32_bits());
  }
  return v;
}

}  // namespace

const std::vector<Mem>& memory_modes() {
  static const std::vector<Mem> modes = make_modes();
  return modes;
}

std::vector<Mem> all_memory_modes() {
  std::vector<Mem> v;
  for (unsigned b = 0; b <= 16; b++) {
    for (unsigned i = 0; i <= 16; i++) {
      if (i == num(Reg::rsp)) continue;
      for (uint8_t s = 0; s < (i == 16 ? 1 : 4); s++) {
        for (int32_t d : kDisps) {
          const Mem m{.base = b == 16 ? Reg::none : static_cast<Reg>(b),
                      .index = i == 16 ? Reg::none : static_cast<Reg>(i),
                      .scale = s,
                      .disp = d};
          v.push_back(m);
          v.push_back(m.in_gs());
        }
      }
    }
  }
  return v;
}

std::string reg_name(unsigned bits, Reg r) {
  static const char* const kOld[] = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
  static const char* const kLow[] = {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil"};
  const unsigned n = num(r);
  if (n < 8) {
    if (bits == 8) return kLow[n];
    return std::string(bits == 64 ? "r" : bits == 32 ? "e" : "") + kOld[n];
  }
  return std::string("r").append(std::to_string(n)) + (bits == 8    ? "b"
                                                       : bits == 16 ? "w"
                                                       : bits == 32 ? "d"
                                                                    : "");
}

std::string xmm_name(unsigned bits, Xmm x) { return (bits == 256 ? "ymm" : "xmm") + std::to_string(num(x)); }

std::string mem_text(const Mem& m, unsigned bytes) {
  std::string s;
  switch (bytes) {
    case 1: s = "byte ptr "; break;
    case 2: s = "word ptr "; break;
    case 4: s = "dword ptr "; break;
    case 8: s = "qword ptr "; break;
    case 10: s = "tbyte ptr "; break;
    case 16: s = "xmmword ptr "; break;
    case 32: s = "ymmword ptr "; break;
  }
  if (m.gs) s += "gs:";
  if (m.rip) {
    char text[32];
    std::snprintf(text, sizeof text, "[rip -> 0x%llx]", static_cast<unsigned long long>(m.address()));
    return s + text;
  }
  s += '[';
  bool any = false;
  if (m.base != Reg::none) {
    s += reg_name(m.narrow ? 32 : 64, m.base);
    any = true;
  }
  if (m.index != Reg::none) {
    if (any) s += " + ";
    if (m.scale != 0 || m.base == Reg::none) s += std::to_string(1 << m.scale) + "*";
    s += reg_name(m.narrow ? 32 : 64, m.index);
    any = true;
  }
  if (!any) {
    s += std::to_string(m.disp);
  } else if (m.disp > 0) {
    s += " + " + std::to_string(m.disp);
  } else if (m.disp < 0) {
    s += " - " + std::to_string(-static_cast<int64_t>(m.disp));
  }
  return s + ']';
}

}  // namespace xarch::test

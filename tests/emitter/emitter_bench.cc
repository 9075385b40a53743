// Prints how long the assembler takes per instruction, and the operand decoder per operand.
#include <chrono>
#include <cstdio>
#include <vector>

#include "tcg/backend/x86_64/assembler.h"
#include "tcg/backend/x86_64/operand_decode.h"

using namespace xarch::x86_64;

namespace {

uint8_t g_code[1 << 16];

template <typename F>
void measure(const char* what, F&& emit_ten) {
  constexpr int kRounds = 2000;
  size_t instructions = 0, bytes = 0;
  const auto start = std::chrono::steady_clock::now();
  for (int n = 0; n < kRounds; n++) {
    Assembler a(g_code, g_code + sizeof g_code);
    while (a.reserve(10 * Assembler::kMaxInstruction)) {
      emit_ten(a);
      instructions += 10;
    }
    bytes += a.size();
  }
  const std::chrono::duration<double, std::nano> t = std::chrono::steady_clock::now() - start;
  std::printf("%-24s %6.2f ns per instruction, %.1f bytes\n", what,
              t.count() / static_cast<double>(instructions),
              static_cast<double>(bytes) / static_cast<double>(instructions));
}

// Ten instructions with operands that the compiler cannot see.
void integer_mix(Assembler& a) {
  static volatile uint8_t seed = 1;
  const unsigned s = seed;
  const Reg r = static_cast<Reg>((s * 3) & 15), q = static_cast<Reg>((s * 7 + 1) & 15);
  const Mem m = Mem::at(Reg::rbp, static_cast<int32_t>(s) * 8);
  a.mov(64, r, m);
  a.mov(32, q, r);
  a.alu(Alu::kAdd, 64, r, q);
  a.alu(Alu::kAnd, 32, q, 0xff);
  a.mov(64, m, r);
  a.movzx(q, 8, Mem::at(Reg::r14, r));
  a.shift(Shift::kShl, 64, q, 3);
  a.lea(64, r, Mem::at(q, r, 2, 16));
  a.setcc(Cc::e, q);
  a.mov_imm(64, r, s);
}

void simd_mix(Assembler& a) {
  static volatile uint8_t seed = 1;
  const unsigned s = seed;
  const Xmm x = static_cast<Xmm>(s & 15), y = static_cast<Xmm>((s * 9) & 15);
  const Mem m = Mem::at(Reg::rbp, static_cast<int32_t>(s) * 16);
  for (int k = 0; k < 2; k++) {
    a.sse(Simd::movups, x, m);
    a.sse(Simd::paddd, x, y);
    a.avx(Simd::paddd, 128, x, y, x);
    a.avx(Simd::addsd, 128, x, y, m);
    a.sse(Simd::movups_st, m, x);
  }
}

void labels_mix(Assembler& a) {
  for (int k = 0; k < 5; k++) {
    const Label l = a.new_label();
    a.jcc(Cc::e, l);
    a.alu(Alu::kAdd, 64, Reg::rax, Reg::rcx);
    a.bind(l);
  }
}

void decode() {
  Assembler a(g_code, g_code + sizeof g_code);
  std::vector<const uint8_t*> at;
  while (a.reserve(10 * Assembler::kMaxInstruction)) {
    at.push_back(a.cursor());
    a.mov(64, Reg::r9, Mem::at(Reg::rbx, Reg::r12, 3, 400));
    at.push_back(a.cursor());
    a.avx(Simd::paddd, 256, Xmm::xmm9, Xmm::xmm1, Mem::at(Reg::r14, 32));
  }
  size_t sum = 0;
  const auto start = std::chrono::steady_clock::now();
  constexpr int kRounds = 200;
  for (int n = 0; n < kRounds; n++) {
    for (const uint8_t* p : at) {
      DecodedOperand d;
      if (decode_operand(p, 15, &d)) sum += d.size;
    }
  }
  const std::chrono::duration<double, std::nano> t = std::chrono::steady_clock::now() - start;
  std::printf("%-24s %6.2f ns per operand (%zu)\n", "decode_operand",
              t.count() / static_cast<double>(at.size() * kRounds), sum);
}

}  // namespace

int main() {
  measure("integer", integer_mix);
  measure("simd", simd_mix);
  measure("labels", labels_mix);
  decode();
}

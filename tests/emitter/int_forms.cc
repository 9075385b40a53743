#include "tests/emitter/forms.h"

namespace xarch::test {

using namespace x86_64;

namespace {

using Sizes = std::vector<unsigned>;
const Sizes kAll = {8, 16, 32, 64};
const Sizes kWord = {16, 32, 64};
const Sizes kDword = {32, 64};
const Sizes k64 = {64};

constexpr int32_t kImms[] = {0,   1,     -1,     5,     127,        -128,      128,      -129,
                             255, 32767, -32768, 65535, 0x12345678, INT32_MAX, INT32_MIN};

const char* const kCcNames[] = {"o", "no", "b", "ae", "e", "ne", "be", "a",
                                "s", "ns", "p", "np", "l", "ge", "le", "g"};
const char* const kAluNames[] = {"add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"};

Reg reg(unsigned n) { return static_cast<Reg>(n & 15); }

// The immediate as MC prints it: cut to the operand size; 8 and 64 bits with a sign; 16 and 32 bits without,
// unless it is a sign-extended imm8. short_form: the instruction has such a form, which is used when the
// value fits.
std::string imm_text(unsigned bits, int32_t imm, bool short_form) {
  if (bits == 8) return std::to_string(static_cast<int8_t>(imm));
  if (bits == 64) return std::to_string(imm);
  const int32_t v = bits == 16 ? static_cast<int16_t>(imm) : imm;
  if (short_form && v == static_cast<int8_t>(v)) return std::to_string(v);
  return std::to_string(bits == 16 ? static_cast<uint16_t>(v) : static_cast<uint32_t>(v));
}

// Walks the operands of one form. The callbacks emit; names are mnemonics.
class Walk {
 public:
  explicit Walk(const Visit& visit) : visit_(visit) {}

  void rr(const char* form, const std::string& name, const Sizes& sizes,
          std::function<void(Assembler&, unsigned, Reg, Reg)> f, unsigned source_bits = 0) {
    for (unsigned bits : sizes) {
      for (unsigned i = 0; i < 256; i++) {
        const Reg d = reg(i >> 4), s = reg(i);
        visit_({form, name + " " + reg_name(bits, d) + ", " + reg_name(source_bits ? source_bits : bits, s),
                [=](Assembler& a) { f(a, bits, d, s); }});
      }
    }
  }
  void rm(const char* form, const std::string& name, const Sizes& sizes,
          std::function<void(Assembler&, unsigned, Reg, const Mem&)> f, unsigned source_bits = 0,
          bool sized = true) {
    for (unsigned bits : sizes) {
      unsigned i = 0;
      for (const Mem& m : memory_modes()) {
        const Reg d = reg(i++);
        const unsigned bytes = sized ? (source_bits ? source_bits : bits) / 8 : 0;
        visit_({form, name + " " + reg_name(bits, d) + ", " + mem_text(m, bytes),
                [=](Assembler& a) { f(a, bits, d, m); }, &m});
      }
    }
  }
  void mr(const char* form, const std::string& name, const Sizes& sizes,
          std::function<void(Assembler&, unsigned, const Mem&, Reg)> f) {
    for (unsigned bits : sizes) {
      unsigned i = 0;
      for (const Mem& m : memory_modes()) {
        const Reg s = reg(i++);
        visit_({form, name + " " + mem_text(m, bits / 8) + ", " + reg_name(bits, s),
                [=](Assembler& a) { f(a, bits, m, s); }, &m});
      }
    }
  }
  void r(const char* form, const std::string& name, const Sizes& sizes,
         std::function<void(Assembler&, unsigned, Reg)> f, const char* tail = "") {
    for (unsigned bits : sizes) {
      for (unsigned n = 0; n < 16; n++) {
        visit_({form, name + " " + reg_name(bits, reg(n)) + tail, [=](Assembler& a) { f(a, bits, reg(n)); }});
      }
    }
  }
  void m(const char* form, const std::string& name, const Sizes& sizes,
         std::function<void(Assembler&, unsigned, const Mem&)> f, const char* tail = "") {
    for (unsigned bits : sizes) {
      for (const Mem& mem : memory_modes()) {
        visit_({form, name + " " + mem_text(mem, bits / 8) + tail, [=](Assembler& a) { f(a, bits, mem); },
                &mem});
      }
    }
  }
  void ri(const char* form, const std::string& name, const Sizes& sizes,
          std::function<void(Assembler&, unsigned, Reg, int32_t)> f) {
    for (unsigned bits : sizes) {
      for (unsigned n = 0; n < 16; n++) {
        for (int32_t imm : kImms) {
          visit_({form,
                  name + " " + reg_name(bits, reg(n)) + ", " +
                      imm_text(bits, imm, name != "mov" && name != "test"),
                  [=](Assembler& a) { f(a, bits, reg(n), imm); }});
        }
      }
    }
  }
  void mi(const char* form, const std::string& name, const Sizes& sizes,
          std::function<void(Assembler&, unsigned, const Mem&, int32_t)> f) {
    for (unsigned bits : sizes) {
      unsigned i = 0;
      for (const Mem& mem : memory_modes()) {
        const int32_t imm = kImms[i++ % std::size(kImms)];
        visit_({form,
                name + " " + mem_text(mem, bits / 8) + ", " +
                    imm_text(bits, imm, name != "mov" && name != "test"),
                [=](Assembler& a) { f(a, bits, mem, imm); }, &mem});
      }
    }
  }
  // A bare mnemonic, or one with fixed operands.
  void plain(const char* form, const std::string& text, Emit emit, const Mem* mem = nullptr) {
    visit_({form, text, std::move(emit), mem});
  }
  const Visit& visit() const { return visit_; }

 private:
  const Visit& visit_;
};

void moves(Walk& w) {
  w.rr("mov(unsigned,Reg,Reg)", "mov", kAll, [](Assembler& a, unsigned n, Reg d, Reg s) { a.mov(n, d, s); });
  w.rm("mov(unsigned,Reg,Mem)", "mov", kAll,
       [](Assembler& a, unsigned n, Reg d, const Mem& s) { a.mov(n, d, s); });
  w.mr("mov(unsigned,Mem,Reg)", "mov", kAll,
       [](Assembler& a, unsigned n, const Mem& d, Reg s) { a.mov(n, d, s); });
  w.mi("mov_imm(unsigned,Mem,int32_t)", "mov", kAll,
       [](Assembler& a, unsigned n, const Mem& d, int32_t i) { a.mov_imm(n, d, i); });
  for (unsigned src : {8u, 16u, 32u}) {
    const char* zx = src == 32 ? "mov" : "movzx";
    w.rr(
        "movzx(Reg,unsigned,Reg)", zx, {32},
        [=](Assembler& a, unsigned, Reg d, Reg s) { a.movzx(d, src, s); }, src);
    w.rm(
        "movzx(Reg,unsigned,Mem)", zx, {32},
        [=](Assembler& a, unsigned, Reg d, const Mem& s) { a.movzx(d, src, s); }, src);
    const char* sx = src == 32 ? "movsxd" : "movsx";
    const Sizes sizes = src == 32 ? k64 : src == 16 ? kDword : kWord;
    w.rr(
        "movsx(unsigned,Reg,unsigned,Reg)", sx, sizes,
        [=](Assembler& a, unsigned n, Reg d, Reg s) { a.movsx(n, d, src, s); }, src);
    w.rm(
        "movsx(unsigned,Reg,unsigned,Mem)", sx, sizes,
        [=](Assembler& a, unsigned n, Reg d, const Mem& s) { a.movsx(n, d, src, s); }, src);
  }
  w.rm("movbe(unsigned,Reg,Mem)", "movbe", kWord,
       [](Assembler& a, unsigned n, Reg d, const Mem& s) { a.movbe(n, d, s); });
  w.mr("movbe(unsigned,Mem,Reg)", "movbe", kWord,
       [](Assembler& a, unsigned n, const Mem& d, Reg s) { a.movbe(n, d, s); });
  w.r("bswap(unsigned,Reg)", "bswap", kDword, [](Assembler& a, unsigned n, Reg r) { a.bswap(n, r); });
  // MC prints the operand of the reg field first.
  w.rr("xchg(unsigned,Reg,Reg)", "xchg", kAll,
       [](Assembler& a, unsigned n, Reg d, Reg s) { a.xchg(n, s, d); });
  w.mr("xchg(unsigned,Mem,Reg)", "xchg", kAll,
       [](Assembler& a, unsigned n, const Mem& d, Reg s) { a.xchg(n, d, s); });
  w.rm(
      "lea(unsigned,Reg,Mem)", "lea", kWord,
      [](Assembler& a, unsigned n, Reg d, const Mem& s) { a.lea(n, d, s); }, 0, false);
  w.r("push(Reg)", "push", k64, [](Assembler& a, unsigned, Reg r) { a.push(r); });
  w.r("pop(Reg)", "pop", k64, [](Assembler& a, unsigned, Reg r) { a.pop(r); });
  w.m("push(Mem)", "push", k64, [](Assembler& a, unsigned, const Mem& m) { a.push(m); });
  w.m("pop(Mem)", "pop", k64, [](Assembler& a, unsigned, const Mem& m) { a.pop(m); });
  for (int32_t i : kImms) {
    w.plain("push_imm(int32_t)", "push " + std::to_string(i), [=](Assembler& a) { a.push_imm(i); });
  }
}

// mov of constants: the shortest encoding is part of the contract.
void constants(Walk& w) {
  struct Value {
    uint64_t v;
    const char* name64;
    bool narrow;  // printed as a 32-bit move
  };
  const Value kValues[] = {{0, "mov", true},
                           {1, "mov", true},
                           {0x7fffffff, "mov", true},
                           {0x80000000, "mov", true},
                           {0xffffffff, "mov", true},
                           {0x100000000, "movabs", false},
                           {~0ull, "mov", false},
                           {0xffffffff80000000, "mov", false},
                           {0xffffffff7fffffff, "movabs", false},
                           {0x123456789abcdef0, "movabs", false},
                           {0xfedcba9876543210, "movabs", false}};
  for (const Value& c : kValues) {
    for (unsigned n = 0; n < 16; n++) {
      const std::string text = std::string(c.name64) + " " + reg_name(c.narrow ? 32 : 64, reg(n)) + ", " +
                               std::to_string(static_cast<int64_t>(c.v));
      w.plain("mov_imm(unsigned,Reg,uint64_t)", text, [=](Assembler& a) { a.mov_imm(64, reg(n), c.v); });
    }
  }
  w.ri("mov_imm(unsigned,Reg,uint64_t)", "mov", {8, 16},
       [](Assembler& a, unsigned n, Reg d, int32_t i) { a.mov_imm(n, d, static_cast<uint32_t>(i)); });
  for (int32_t i : kImms) {
    for (unsigned n = 0; n < 16; n++) {
      w.plain("mov_imm(unsigned,Reg,uint64_t)",
              "mov " + reg_name(32, reg(n)) + ", " + std::to_string(static_cast<uint32_t>(i)),
              [=](Assembler& a) { a.mov_imm(32, reg(n), static_cast<uint32_t>(i)); });
    }
  }
}

void arithmetic(Walk& w) {
  for (unsigned k = 0; k < 8; k++) {
    const Alu op = static_cast<Alu>(k);
    const char* name = kAluNames[k];
    w.rr("alu(Alu,unsigned,Reg,Reg)", name, kAll,
         [=](Assembler& a, unsigned n, Reg d, Reg s) { a.alu(op, n, d, s); });
    w.rm("alu(Alu,unsigned,Reg,Mem)", name, kAll,
         [=](Assembler& a, unsigned n, Reg d, const Mem& s) { a.alu(op, n, d, s); });
    w.mr("alu(Alu,unsigned,Mem,Reg)", name, kAll,
         [=](Assembler& a, unsigned n, const Mem& d, Reg s) { a.alu(op, n, d, s); });
    w.ri("alu(Alu,unsigned,Reg,int32_t)", name, kAll,
         [=](Assembler& a, unsigned n, Reg d, int32_t i) { a.alu(op, n, d, i); });
    w.mi("alu(Alu,unsigned,Mem,int32_t)", name, kAll,
         [=](Assembler& a, unsigned n, const Mem& d, int32_t i) { a.alu(op, n, d, i); });
    if (op == Alu::kCmp) continue;
    w.mr("lock_alu(Alu,unsigned,Mem,Reg)", std::string("lock ") + name, kAll,
         [=](Assembler& a, unsigned n, const Mem& d, Reg s) { a.lock_alu(op, n, d, s); });
    w.mi("lock_alu(Alu,unsigned,Mem,int32_t)", std::string("lock ") + name, kAll,
         [=](Assembler& a, unsigned n, const Mem& d, int32_t i) { a.lock_alu(op, n, d, i); });
  }
  w.rr("test(unsigned,Reg,Reg)", "test", kAll,
       [](Assembler& a, unsigned n, Reg d, Reg s) { a.test(n, d, s); });
  w.mr("test(unsigned,Mem,Reg)", "test", kAll,
       [](Assembler& a, unsigned n, const Mem& d, Reg s) { a.test(n, d, s); });
  w.ri("test(unsigned,Reg,int32_t)", "test", kAll,
       [](Assembler& a, unsigned n, Reg d, int32_t i) { a.test(n, d, i); });
  w.mi("test(unsigned,Mem,int32_t)", "test", kAll,
       [](Assembler& a, unsigned n, const Mem& d, int32_t i) { a.test(n, d, i); });
  static const char* const kUnary[] = {"not", "neg", "mul", "imul", "div", "idiv"};
  for (unsigned k = 0; k < 6; k++) {
    const Unary op = static_cast<Unary>(k + 2);
    w.r("unary(Unary,unsigned,Reg)", kUnary[k], kAll,
        [=](Assembler& a, unsigned n, Reg r) { a.unary(op, n, r); });
    w.m("unary(Unary,unsigned,Mem)", kUnary[k], kAll,
        [=](Assembler& a, unsigned n, const Mem& m) { a.unary(op, n, m); });
  }
  w.r("inc(unsigned,Reg)", "inc", kAll, [](Assembler& a, unsigned n, Reg r) { a.inc(n, r); });
  w.m("inc(unsigned,Mem)", "inc", kAll, [](Assembler& a, unsigned n, const Mem& m) { a.inc(n, m); });
  w.r("dec(unsigned,Reg)", "dec", kAll, [](Assembler& a, unsigned n, Reg r) { a.dec(n, r); });
  w.m("dec(unsigned,Mem)", "dec", kAll, [](Assembler& a, unsigned n, const Mem& m) { a.dec(n, m); });
  for (unsigned bits : kWord) {
    for (unsigned i = 0; i < 256; i++) {
      const int32_t imm = kImms[i % std::size(kImms)];
      w.plain("imul(unsigned,Reg,Reg,int32_t)",
              "imul " + reg_name(bits, reg(i >> 4)) + ", " + reg_name(bits, reg(i)) + ", " +
                  imm_text(bits, imm, true),
              [=](Assembler& a) { a.imul(bits, reg(i >> 4), reg(i), imm); });
    }
    unsigned i = 0;
    for (const Mem& m : memory_modes()) {
      const int32_t imm = kImms[i++ % std::size(kImms)];
      const Reg d = reg(i * 7);
      w.plain(
          "imul(unsigned,Reg,Mem,int32_t)",
          "imul " + reg_name(bits, d) + ", " + mem_text(m, bits / 8) + ", " + imm_text(bits, imm, true),
          [=](Assembler& a) { a.imul(bits, d, m, imm); }, &m);
    }
  }
}

void shifts(Walk& w) {
  static const char* const kNames[] = {"rol", "ror", "rcl", "rcr", "shl", "shr", "", "sar"};
  for (unsigned k : {0u, 1u, 2u, 3u, 4u, 5u, 7u}) {
    const Shift op = static_cast<Shift>(k);
    for (unsigned count : {0u, 1u, 2u, 7u, 15u, 31u, 63u}) {
      const Sizes sizes = count < 8 ? kAll : count < 16 ? kWord : count < 32 ? kDword : k64;
      // A shift by one has an encoding of its own, which MC prints without or with the count.
      const std::string tail = ", " + std::to_string(count);
      w.r(
          "shift(Shift,unsigned,Reg,unsigned)", kNames[k], sizes,
          [=](Assembler& a, unsigned n, Reg r) { a.shift(op, n, r, count); }, count == 1 ? "" : tail.c_str());
      if (count != 1 && count != 7) continue;
      w.m(
          "shift(Shift,unsigned,Mem,unsigned)", kNames[k], sizes,
          [=](Assembler& a, unsigned n, const Mem& m) { a.shift(op, n, m, count); },
          count == 1 ? "" : tail.c_str());
    }
    w.r(
        "shift_cl(Shift,unsigned,Reg)", kNames[k], kAll,
        [=](Assembler& a, unsigned n, Reg r) { a.shift_cl(op, n, r); }, ", cl");
    w.m(
        "shift_cl(Shift,unsigned,Mem)", kNames[k], kAll,
        [=](Assembler& a, unsigned n, const Mem& m) { a.shift_cl(op, n, m); }, ", cl");
  }
  for (unsigned bits : kWord) {
    for (unsigned i = 0; i < 256; i++) {
      const Reg d = reg(i >> 4), s = reg(i);
      const unsigned count = i % bits;
      const std::string ops = reg_name(bits, d) + ", " + reg_name(bits, s) + ", ";
      const std::string c = std::to_string(count);
      w.plain("shld(unsigned,Reg,Reg,unsigned)", "shld " + ops + c,
              [=](Assembler& a) { a.shld(bits, d, s, count); });
      w.plain("shrd(unsigned,Reg,Reg,unsigned)", "shrd " + ops + c,
              [=](Assembler& a) { a.shrd(bits, d, s, count); });
      w.plain("shld_cl(unsigned,Reg,Reg)", "shld " + ops + "cl",
              [=](Assembler& a) { a.shld_cl(bits, d, s); });
      w.plain("shrd_cl(unsigned,Reg,Reg)", "shrd " + ops + "cl",
              [=](Assembler& a) { a.shrd_cl(bits, d, s); });
      if (bits != 16) {
        w.plain("rorx(unsigned,Reg,Reg,unsigned)", "rorx " + ops + c,
                [=](Assembler& a) { a.rorx(bits, d, s, count); });
      }
    }
  }
  for (unsigned bits : kDword) {
    unsigned i = 0;
    for (const Mem& m : memory_modes()) {
      const Reg d = reg(++i);
      w.plain(
          "rorx(unsigned,Reg,Mem,unsigned)",
          "rorx " + reg_name(bits, d) + ", " + mem_text(m, bits / 8) + ", 9",
          [=](Assembler& a) { a.rorx(bits, d, m, 9); }, &m);
    }
  }
}

void bits_and_conditions(Walk& w) {
  static const char* const kNames[] = {"bt", "bts", "btr", "btc"};
  for (unsigned k = 0; k < 4; k++) {
    const Bit op = static_cast<Bit>(k + 4);
    w.rr("bit(Bit,unsigned,Reg,Reg)", kNames[k], kWord,
         [=](Assembler& a, unsigned n, Reg d, Reg s) { a.bit(op, n, d, s); });
    for (unsigned number : {0u, 5u, 15u}) {
      const std::string tail = ", " + std::to_string(number);
      w.r(
          "bit(Bit,unsigned,Reg,unsigned)", kNames[k], kWord,
          [=](Assembler& a, unsigned n, Reg r) { a.bit(op, n, r, number); }, tail.c_str());
      w.m(
          "bit(Bit,unsigned,Mem,unsigned)", kNames[k], kWord,
          [=](Assembler& a, unsigned n, const Mem& m) { a.bit(op, n, m, number); }, tail.c_str());
    }
  }
  for (unsigned src : kAll) {
    const Sizes size = src == 64 ? k64 : Sizes{32};
    w.rr(
        "crc32(unsigned,Reg,Reg)", "crc32", size,
        [=](Assembler& a, unsigned, Reg d, Reg s) { a.crc32(src, d, s); }, src);
    w.rm(
        "crc32(unsigned,Reg,Mem)", "crc32", size,
        [=](Assembler& a, unsigned, Reg d, const Mem& s) { a.crc32(src, d, s); }, src);
  }
  for (unsigned k = 0; k < 16; k++) {
    const Cc cc = static_cast<Cc>(k);
    const std::string name = kCcNames[k];
    w.r("setcc(Cc,Reg)", "set" + name, {8}, [=](Assembler& a, unsigned, Reg r) { a.setcc(cc, r); });
    w.m("setcc(Cc,Mem)", "set" + name, {8}, [=](Assembler& a, unsigned, const Mem& m) { a.setcc(cc, m); });
    w.rr("cmov(Cc,unsigned,Reg,Reg)", "cmov" + name, kWord,
         [=](Assembler& a, unsigned n, Reg d, Reg s) { a.cmov(cc, n, d, s); });
    w.rm("cmov(Cc,unsigned,Reg,Mem)", "cmov" + name, kWord,
         [=](Assembler& a, unsigned n, Reg d, const Mem& s) { a.cmov(cc, n, d, s); });
  }
}

// Direct jumps to host addresses; jumps to labels are executed by other tests.
void jumps(Walk& w) {
  w.r("jmp(Reg)", "jmp", k64, [](Assembler& a, unsigned, Reg r) { a.jmp(r); });
  w.m("jmp(Mem)", "jmp", k64, [](Assembler& a, unsigned, const Mem& m) { a.jmp(m); });
  w.r("call(Reg)", "call", k64, [](Assembler& a, unsigned, Reg r) { a.call(r); });
  w.m("call(Mem)", "call", k64, [](Assembler& a, unsigned, const Mem& m) { a.call(m); });
}

void atomics(Walk& w) {
  w.mr("lock_xadd(unsigned,Mem,Reg)", "lock xadd", kAll,
       [](Assembler& a, unsigned n, const Mem& m, Reg r) { a.lock_xadd(n, m, r); });
  w.mr("lock_cmpxchg(unsigned,Mem,Reg)", "lock cmpxchg", kAll,
       [](Assembler& a, unsigned n, const Mem& m, Reg r) { a.lock_cmpxchg(n, m, r); });
  w.m("lock_cmpxchg8b(Mem)", "lock cmpxchg8b", k64,
      [](Assembler& a, unsigned, const Mem& m) { a.lock_cmpxchg8b(m); });
  w.m("lock_cmpxchg16b(Mem)", "lock cmpxchg16b", {128},
      [](Assembler& a, unsigned, const Mem& m) { a.lock_cmpxchg16b(m); });
  w.r("rdfsbase(Reg)", "rdfsbase", k64, [](Assembler& a, unsigned, Reg r) { a.rdfsbase(r); });
  w.r("rdgsbase(Reg)", "rdgsbase", k64, [](Assembler& a, unsigned, Reg r) { a.rdgsbase(r); });
  w.r("wrfsbase(Reg)", "wrfsbase", k64, [](Assembler& a, unsigned, Reg r) { a.wrfsbase(r); });
  w.r("wrgsbase(Reg)", "wrgsbase", k64, [](Assembler& a, unsigned, Reg r) { a.wrgsbase(r); });
}

// Three-register VEX forms; vvvv is the middle operand of andn and the last one of shlx.
void bmi(Walk& w, const char* name, bool vvvv_last,
         std::function<void(Assembler&, unsigned, Reg, Reg, Reg)> rrr,
         std::function<void(Assembler&, unsigned, Reg, Reg, const Mem&)> with_mem) {
  const std::string rform = std::string(name) + "(unsigned,Reg,Reg,Reg)";
  const std::string mform =
      std::string(name) + (vvvv_last ? "(unsigned,Reg,Mem,Reg)" : "(unsigned,Reg,Reg,Mem)");
  for (unsigned bits : kDword) {
    for (unsigned i = 0; i < 256; i++) {
      const Reg d = reg(i >> 4), s = reg(i), t = reg(i * 5 + 3);
      const std::string text =
          std::string(name) + " " + reg_name(bits, d) + ", " + reg_name(bits, s) + ", " + reg_name(bits, t);
      w.plain(rform.c_str(), text, [=](Assembler& a) { rrr(a, bits, d, s, t); });
    }
    unsigned i = 0;
    for (const Mem& m : memory_modes()) {
      const Reg d = reg(i), s = reg(i * 3 + 2);
      i++;
      const std::string mem = mem_text(m, bits / 8), r = reg_name(bits, s);
      w.plain(
          mform.c_str(),
          std::string(name) + " " + reg_name(bits, d) + ", " + (vvvv_last ? mem + ", " + r : r + ", " + mem),
          [=](Assembler& a) { with_mem(a, bits, d, s, m); }, &m);
    }
  }
}

// Those that the backend emits.
void x87(Walk& w) {
  struct OnRegister {
    uint8_t opcode, second;
    const char *before, *behind;  // the register's number
  };
  constexpr OnRegister kOnRegisters[] = {
      {0xd8, 0xc0, "fadd st, st(", ")"},    {0xd8, 0xc8, "fmul st, st(", ")"},
      {0xd8, 0xe0, "fsub st, st(", ")"},    {0xd8, 0xe8, "fsubr st, st(", ")"},
      {0xd8, 0xf0, "fdiv st, st(", ")"},    {0xd8, 0xf8, "fdivr st, st(", ")"},
      {0xdc, 0xc0, "fadd st(", "), st"},    {0xdc, 0xc8, "fmul st(", "), st"},
      {0xdc, 0xe0, "fsubr st(", "), st"},   {0xdc, 0xe8, "fsub st(", "), st"},
      {0xdc, 0xf0, "fdivr st(", "), st"},   {0xdc, 0xf8, "fdiv st(", "), st"},
      {0xde, 0xc0, "faddp st(", "), st"},   {0xde, 0xc8, "fmulp st(", "), st"},
      {0xde, 0xe0, "fsubrp st(", "), st"},  {0xde, 0xe8, "fsubp st(", "), st"},
      {0xde, 0xf0, "fdivrp st(", "), st"},  {0xde, 0xf8, "fdivp st(", "), st"},
      {0xd9, 0xc0, "fld st(", ")"},         {0xd9, 0xc8, "fxch st(", ")"},
      {0xdd, 0xd8, "fstp st(", ")"},        {0xdb, 0xc8, "fcmovne st, st(", ")"},
      {0xdb, 0xe8, "fucomi st, st(", ")"},  {0xdb, 0xf0, "fcomi st, st(", ")"},
      {0xdf, 0xe8, "fucompi st, st(", ")"}, {0xdf, 0xf0, "fcompi st, st(", ")"},
  };
  constexpr const char* kForm = "x87(unsigned,unsigned)";
  for (const OnRegister& r : kOnRegisters) {
    for (unsigned n = 0; n < 8; n++) {
      w.plain(kForm, r.before + std::to_string(n) + r.behind,
              [=](Assembler& a) { a.x87(r.opcode, r.second + n); });
    }
  }
  constexpr std::pair<unsigned, const char*> kPlain[] = {
      {0xd9e0, "fchs"},   {0xd9e1, "fabs"},   {0xd9fa, "fsqrt"},  {0xd9fc, "frndint"},
      {0xd9e8, "fld1"},   {0xd9e9, "fldl2t"}, {0xd9ea, "fldl2e"}, {0xd9eb, "fldpi"},
      {0xd9ec, "fldlg2"}, {0xd9ed, "fldln2"}, {0xd9ee, "fldz"},   {0xdfe0, "fnstsw ax"}};
  for (const auto& [code, text] : kPlain) {
    w.plain(kForm, text, [code = code](Assembler& a) { a.x87(code >> 8, code & 0xff); });
  }
  struct OnMemory {
    uint8_t opcode, number;
    const char* name;
    unsigned bytes;
  };
  std::vector<OnMemory> memory = {
      {0xd9, 0, "fld", 4},    {0xd9, 2, "fst", 4},    {0xd9, 3, "fstp", 4},   {0xd9, 5, "fldcw", 2},
      {0xd9, 7, "fnstcw", 2}, {0xdb, 0, "fild", 4},   {0xdb, 1, "fisttp", 4}, {0xdb, 2, "fist", 4},
      {0xdb, 3, "fistp", 4},  {0xdb, 5, "fld", 10},   {0xdb, 7, "fstp", 10},  {0xdd, 0, "fld", 8},
      {0xdd, 1, "fisttp", 8}, {0xdd, 2, "fst", 8},    {0xdd, 3, "fstp", 8},   {0xdd, 7, "fnstsw", 2},
      {0xdf, 0, "fild", 2},   {0xdf, 1, "fisttp", 2}, {0xdf, 2, "fist", 2},   {0xdf, 3, "fistp", 2},
      {0xdf, 5, "fild", 8},   {0xdf, 7, "fistp", 8}};
  constexpr const char* kArithmetic[] = {"add", "mul", "com", "comp", "sub", "subr", "div", "divr"};
  std::vector<std::string> names;
  for (const char* name : kArithmetic) {
    names.push_back(std::string("f") + name);
    names.push_back(std::string("fi") + name);
  }
  for (uint8_t n = 0; n < 8; n++) {
    for (unsigned k = 0; k < 4; k++) {
      constexpr unsigned kBytes[] = {4, 4, 8, 2};
      memory.push_back({static_cast<uint8_t>(0xd8 + 2 * k), n, names[2 * n + k % 2].c_str(), kBytes[k]});
    }
  }
  for (const OnMemory& f : memory) {
    for (const Mem& m : memory_modes()) {
      w.plain(
          "x87(unsigned,unsigned,Mem)", std::string(f.name) + " " + mem_text(m, f.bytes),
          [=](Assembler& a) { a.x87(f.opcode, f.number, m); }, &m);
    }
  }
}

void tables(Walk& w) {
#define XARCH_FIXED(name, mnemonic, length, bytes) \
  w.plain(#name "()", mnemonic, [](Assembler& a) { a.name(); });
#define XARCH_REG_RM(name, prefix, map, opcode)                          \
  w.rr(#name "(unsigned,Reg,Reg)", #name, kWord,                         \
       [](Assembler& a, unsigned n, Reg d, Reg s) { a.name(n, d, s); }); \
  w.rm(#name "(unsigned,Reg,Mem)", #name, kWord,                         \
       [](Assembler& a, unsigned n, Reg d, const Mem& s) { a.name(n, d, s); });
#define XARCH_BMI_RVM(name, prefix, opcode)                                                       \
  bmi(                                                                                            \
      w, #name, false, [](Assembler& a, unsigned n, Reg d, Reg s, Reg t) { a.name(n, d, s, t); }, \
      [](Assembler& a, unsigned n, Reg d, Reg s, const Mem& m) { a.name(n, d, s, m); });
#define XARCH_BMI_RMV(name, prefix, opcode)                                                      \
  bmi(                                                                                           \
      w, #name, true, [](Assembler& a, unsigned n, Reg d, Reg s, Reg t) { a.name(n, d, s, t); }, \
      [](Assembler& a, unsigned n, Reg d, Reg s, const Mem& m) { a.name(n, d, m, s); });
#define XARCH_BMI_GROUP(name, extension)                                 \
  w.rr(#name "(unsigned,Reg,Reg)", #name, kDword,                        \
       [](Assembler& a, unsigned n, Reg d, Reg s) { a.name(n, d, s); }); \
  w.rm(#name "(unsigned,Reg,Mem)", #name, kDword,                        \
       [](Assembler& a, unsigned n, Reg d, const Mem& s) { a.name(n, d, s); });
#define XARCH_MEM_ONLY(name, prefix, map, opcode, extension, w_bit, mem, access) \
  w.m(#name "(Mem)", #name, {mem == 0 ? 8 : mem * 8},                            \
      [](Assembler& a, unsigned, const Mem& m) { a.name(m); });
#include "tcg/backend/x86_64/int_ops.def"
}

}  // namespace

void visit_integer_forms(const Visit& visit) {
  Walk w(visit);
  moves(w);
  constants(w);
  arithmetic(w);
  shifts(w);
  bits_and_conditions(w);
  jumps(w);
  atomics(w);
  tables(w);
  x87(w);
}

}  // namespace xarch::test

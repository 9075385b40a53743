#include <set>

#include "tests/emitter/forms.h"

namespace xarch::test {

using namespace x86_64;

namespace {

struct Variant {
  Simd op;
  const SimdRow& row;
  unsigned bits;  // 0 for the legacy encoding
  bool vex() const { return bits != 0; }
};

// Comparison predicates, which MC prints as part of the mnemonic; legacy encodings have the first eight.
const char* const kPredicates[32] = {"eq",     "lt",     "le",    "unord",  "neq",    "nlt",     "nle",
                                     "ord",    "eq_uq",  "nge",   "ngt",    "false",  "neq_oq",  "ge",
                                     "gt",     "true",   "eq_os", "lt_oq",  "le_oq",  "unord_s", "neq_us",
                                     "nlt_uq", "nle_uq", "ord_s", "eq_us",  "nge_uq", "ngt_uq",  "false_os",
                                     "neq_os", "ge_oq",  "gt_oq", "true_us"};

bool is_compare(const SimdRow& row) { return std::string_view(row.name).starts_with("cmp"); }

// The mnemonic: the row's name without suffix.
std::string mnemonic(const Variant& v, int imm) {
  std::string s = v.row.name;
  s = s.substr(0, s.find('_'));
  if (is_compare(v.row)) s = s.replace(0, 3, std::string("cmp") + kPredicates[imm]);
  if (v.vex() && v.row.isa == SimdIsa::kBoth) s = "v" + s;
  return s;
}

// Bytes of the memory operand in this variant.
unsigned mem_bytes(const Variant& v) {
  return v.bits == 256 && v.row.wide == SimdWide::kDouble ? v.row.mem * 2u : v.row.mem;
}

// Widths of the xmm operands: most are as wide as the instruction.
unsigned dst_bits(const Variant& v) {
  static const std::set<std::string> kNarrow = {"cvtpd2ps", "cvtpd2dq", "cvttpd2dq"};
  if (v.row.form == SimdForm::kMx) return 128;
  return v.bits == 256 && !kNarrow.contains(v.row.name) ? 256 : 128;
}

unsigned src_bits(const Variant& v) {
  if (v.bits != 256) return 128;
  // The last source of forms that read less than a full register, or 16 bytes in any case.
  if (v.row.form == SimdForm::kMx) return 256;
  if (v.row.mem != 0 && mem_bytes(v) < 32) return 128;
  return 256;
}

// The width of the general register: most forms with a narrow one name its 32-bit part.
unsigned gpr_bits(const Variant& v) { return v.row.w ? 64 : 32; }

struct Generator {
  const Visit& visit;
  Variant v;
  std::string form;  // prefix of the form's name

  void give(const char* operands, const std::string& text, Emit emit, const Mem* mem = nullptr) {
    const std::string name = form + operands;
    visit({name, text, std::move(emit), mem});
  }

  std::string tail(int imm) const {
    if (v.row.name == std::string("vpblendvb") || v.row.name == std::string("vblendvps") ||
        v.row.name == std::string("vblendvpd")) {
      return ", " + xmm_name(v.bits, static_cast<Xmm>(imm >> 4));
    }
    if (!v.row.imm || is_compare(v.row)) return implicit_tail();
    return ", " + std::to_string(imm);
  }
  // The implicit xmm0 of some legacy instructions is printed.
  std::string implicit_tail() const {
    const std::string s = v.row.name;
    return s == "pblendvb" || s == "blendvps" || s == "blendvpd" || s == "sha256rnds2" ? ", xmm0" : "";
  }
  // An immediate that changes with k and that MC prints as it is.
  int immediate(unsigned k) const {
    if (is_compare(v.row)) return static_cast<int>(k & (v.vex() ? 31 : 7));
    const std::string s = v.row.name;
    if (s.starts_with("vpblendvb") || s.starts_with("vblendvp")) return static_cast<int>(k & 15) << 4;
    static constexpr int kImms[] = {0, 1, 2, 3, 7, 15, 16, 63, 127};
    return kImms[k % std::size(kImms)];
  }
  bool three() const {
    return v.vex() &&
           (v.row.form == SimdForm::kRvm || v.row.form == SimdForm::kRvmMem || v.row.form == SimdForm::kRvg);
  }

  void registers() {
    const bool gpr_source = v.row.form == SimdForm::kRg || v.row.form == SimdForm::kRvg;
    const bool gpr_dest = v.row.form == SimdForm::kGr || v.row.form == SimdForm::kMg;
    for (unsigned a = 0; a < 16; a++) {
      for (unsigned b = 0; b < 16; b++) {
        const unsigned c = (a * 7 + b * 3) & 15;
        const int imm = immediate(a * 16 + b);
        if (gpr_source) {
          gpr_to_xmm(static_cast<Xmm>(a), static_cast<Xmm>(c), static_cast<Reg>(b), imm);
        } else if (gpr_dest) {
          xmm_to_gpr(static_cast<Reg>(a), static_cast<Xmm>(b), imm);
        } else {
          xmm_to_xmm(static_cast<Xmm>(a), static_cast<Xmm>(c), static_cast<Xmm>(b), imm);
        }
      }
    }
  }
  void xmm_to_xmm(Xmm d, Xmm s1, Xmm s2, int imm) {
    const Variant u = v;
    std::string text = mnemonic(v, imm) + " " + xmm_name(dst_bits(v), d);
    if (three()) text += ", " + xmm_name(v.bits, s1);
    text += ", " + xmm_name(src_bits(v), s2) + tail(imm);
    give("xx", text, [=, three = three()](Assembler& a) {
      if (!u.vex()) return a.sse(u.op, d, s2, imm);
      if (three) return a.avx(u.op, u.bits, d, s1, s2, imm);
      a.avx(u.op, u.bits, d, s2, imm);
    });
  }
  void gpr_to_xmm(Xmm d, Xmm s1, Reg s2, int imm) {
    const Variant u = v;
    std::string text = mnemonic(v, imm) + " " + xmm_name(128, d);
    if (three()) text += ", " + xmm_name(128, s1);
    text += ", " + reg_name(gpr_bits(v), s2) + tail(imm);
    give("xr", text, [=, three = three()](Assembler& a) {
      if (!u.vex()) return a.sse(u.op, d, s2, imm);
      if (three) return a.avx(u.op, u.bits, d, s1, s2, imm);
      a.avx(u.op, u.bits, d, s2);
    });
  }
  void xmm_to_gpr(Reg d, Xmm s, int imm) {
    const Variant u = v;
    const std::string text = mnemonic(v, imm) + " " + reg_name(gpr_bits(v), d) + ", " +
                             xmm_name(v.bits == 256 ? 256 : 128, s) + tail(imm);
    give("rx", text,
         [=](Assembler& a) { u.vex() ? a.avx(u.op, u.bits, d, s, imm) : a.sse(u.op, d, s, imm); });
  }

  void memory() {
    const std::vector<Mem>& modes = memory_modes();
    for (size_t i = 0; i < modes.size(); i++) memory_one(modes[i], static_cast<unsigned>(i));
  }
  void memory_one(const Mem& m, unsigned i) {
    const Variant u = v;
    const Xmm x = static_cast<Xmm>(i & 15);
    const Xmm s1 = static_cast<Xmm>((i * 5 + 3) & 15);
    const Reg r = static_cast<Reg>((i * 3 + 1) & 15);
    const int imm = immediate(i);
    const std::string mem = mem_text(m, mem_bytes(v));
    switch (v.row.form) {
      case SimdForm::kMr:
      case SimdForm::kMx:
      case SimdForm::kMg:
        give(
            "mx", mnemonic(v, imm) + " " + mem + ", " + xmm_name(v.bits == 256 ? 256 : 128, x) + tail(imm),
            [=](Assembler& a) { u.vex() ? a.avx(u.op, u.bits, m, x, imm) : a.sse(u.op, m, x, imm); }, &m);
        return;
      case SimdForm::kGr:
        give(
            "rm", mnemonic(v, imm) + " " + reg_name(gpr_bits(v), r) + ", " + mem,
            [=](Assembler& a) { u.vex() ? a.avx(u.op, u.bits, r, m) : a.sse(u.op, r, m); }, &m);
        return;
      default: break;
    }
    std::string text = mnemonic(v, imm) + " " + xmm_name(dst_bits(v), x);
    if (three()) text += ", " + xmm_name(v.bits, s1);
    give(
        "xm", text + ", " + mem + tail(imm),
        [=, three = three()](Assembler& a) {
          if (!u.vex()) return a.sse(u.op, x, m, imm);
          if (three) return a.avx(u.op, u.bits, x, s1, m, imm);
          a.avx(u.op, u.bits, x, m, imm);
        },
        &m);
  }
};

void visit_row(const Visit& visit, const Variant& v) {
  Generator g{visit, v, {}};
  g.form = (v.vex() ? "avx" + std::to_string(v.bits) : std::string("sse")) + " " + v.row.name + " ";
  const bool memory_only =
      v.row.form == SimdForm::kMr || v.row.form == SimdForm::kRmMem || v.row.form == SimdForm::kRvmMem;
  if (!memory_only) g.registers();
  if (v.row.mem != 0) g.memory();
}

void visit_shift(const Visit& visit, SimdShift op) {
  const SimdShiftRow& row = simd_row(op);
  const std::string name = row.name;
  for (unsigned d = 0; d < 16; d++) {
    for (unsigned s = 0; s < 16; s++) {
      const Xmm xd = static_cast<Xmm>(d);
      const Xmm xs = static_cast<Xmm>(s);
      const unsigned count = (d * 16 + s) & 127;
      const std::string c = ", " + std::to_string(count);
      if (s == 0) {
        visit({"sse_shift " + name, name + " " + xmm_name(128, xd) + c,
               [=](Assembler& a) { a.sse_shift(op, xd, count); }});
      }
      for (unsigned bits : {128, 256}) {
        visit({"avx_shift" + std::to_string(bits) + " " + name,
               "v" + name + " " + xmm_name(bits, xd) + ", " + xmm_name(bits, xs) + c,
               [=](Assembler& a) { a.avx_shift(op, bits, xd, xs, count); }});
      }
    }
  }
}

}  // namespace

void visit_simd_forms(const Visit& visit) {
  for (size_t i = 0; i < kSimdCount; i++) {
    const Simd op = static_cast<Simd>(i);
    const SimdRow& row = simd_row(op);
    if (row.isa != SimdIsa::kAvx) visit_row(visit, {op, row, 0});
    if (row.isa == SimdIsa::kSse) continue;
    if (row.wide != SimdWide::kOnly256) visit_row(visit, {op, row, 128});
    if (row.wide != SimdWide::kNo256) visit_row(visit, {op, row, 256});
  }
  for (size_t i = 0; i < kSimdShiftCount; i++) visit_shift(visit, static_cast<SimdShift>(i));
}

}  // namespace xarch::test

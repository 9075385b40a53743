#include <algorithm>
#include <bit>
#include <cctype>
#include <charconv>
#include <optional>
#include <unordered_map>

#include "tcg/ir/notes.h"
#include "tcg/ir/text.h"
#include "tcg/ir/text_names.h"

namespace xarch::ir {

namespace {

// Reads words, numbers and signs from one line. What fails leaves a reason behind, the first one counts.
class Line {
 public:
  explicit Line(std::string_view text) : rest_(text.substr(0, text.find(';'))) {}

  bool at_end() {
    skip();
    return rest_.empty();
  }
  bool accept(std::string_view s) {
    skip();
    if (!rest_.starts_with(s)) return false;
    rest_.remove_prefix(s.size());
    return true;
  }
  bool expect(std::string_view s) { return accept(s) || fail("expected '" + std::string(s) + "'" + here()); }
  // Letters, digits, dots and underscores.
  std::string_view word() {
    skip();
    size_t n = 0;
    while (n < rest_.size() &&
           (isalnum(static_cast<unsigned char>(rest_[n])) || rest_[n] == '.' || rest_[n] == '_')) {
      ++n;
    }
    const std::string_view w = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return w;
  }
  std::string_view peek() {
    const std::string_view saved = rest_;
    const std::string_view w = word();
    rest_ = saved;
    return w;
  }
  // Decimal or 0x…, no sign.
  uint64_t number() {
    skip();
    const int base = rest_.starts_with("0x") ? 16 : 10;
    const char* const first = rest_.data() + (base == 16 ? 2 : 0);
    uint64_t v = 0;
    const auto r = std::from_chars(first, rest_.data() + rest_.size(), v, base);
    if (r.ec != std::errc()) {
      fail("expected a number" + here());
      return 0;
    }
    rest_.remove_prefix(static_cast<size_t>(r.ptr - rest_.data()));
    return v;
  }
  // +n or -n.
  int64_t offset() {
    const bool minus = accept("-");
    if (!minus) expect("+");
    const uint64_t v = number();
    return static_cast<int64_t>(minus ? 0 - v : v);
  }
  // The word's place in the table.
  uint32_t name(std::span<const std::string_view> names, const char* what) {
    const std::string_view w = word();
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] == w) return static_cast<uint32_t>(i);
    }
    fail("no such " + std::string(what) + ": '" + std::string(w) + "'");
    return 0;
  }
  bool fail(std::string why) {
    if (error_.empty()) error_ = std::move(why);
    return false;
  }
  bool failed() const { return !error_.empty(); }
  const std::string& error() const { return error_; }

 private:
  void skip() {
    while (!rest_.empty() && isspace(static_cast<unsigned char>(rest_.front()))) rest_.remove_prefix(1);
  }
  std::string here() {
    return rest_.empty() ? " at the end of the line" : " at '" + std::string(rest_) + "'";
  }

  std::string_view rest_;
  std::string error_;
};

class Parser {
 public:
  Parser(const StateLayout& layout, std::span<const HelperDesc* const> helpers, Region* out)
      : helpers_(helpers), r_(*out) {
    r_.clear();
    r_.layout = &layout;
  }
  Result<void> run(std::string_view text);

 private:
  void line(Line& l);
  bool header(Line& l, std::string_view word);
  void inst(Line& l);
  void operands(Line& l, Inst* in);
  void value(Line& l, Inst* in, unsigned n);
  void values(Line& l, Inst* in, unsigned n);
  void slot(Line& l, Inst* in);
  void state_op(Line& l, Inst* in);
  void memory_op(Line& l, Inst* in);
  void control_op(Line& l, Inst* in);
  void call(Line& l, Inst* in);
  void other_op(Line& l, Inst* in);
  void attribute(Line& l, Inst* in);
  void address(Line& l, Inst* in, int32_t* disp);
  MemDesc mem_suffix(Line& l);
  ExitAux exit_suffix(Line& l);
  uint32_t helper(Line& l, std::string_view name);
  unsigned log2(Line& l);
  uint32_t block_ref(Line& l);

  std::span<const HelperDesc* const> helpers_;
  Region& r_;
  std::unordered_map<uint64_t, ValueId> names_;  // of the open block
};

// A power of two, as its logarithm.
unsigned Parser::log2(Line& l) {
  const uint64_t v = l.number();
  if (!std::has_single_bit(v)) l.fail("not a power of two");
  return static_cast<unsigned>(std::countr_zero(v));
}

void Parser::value(Line& l, Inst* in, unsigned n) {
  if (!l.expect("%")) return;
  const uint64_t number = l.number();
  const auto it = names_.find(number);
  if (it == names_.end()) {
    l.fail("no value %" + std::to_string(number) + " in this block");
    return;
  }
  in->args[n] = it->second;
}

// Operands from the n-th on, separated by commas.
void Parser::values(Line& l, Inst* in, unsigned n) {
  do {
    if (n >= 4) {
      l.fail("more than four operands");
      return;
    }
    value(l, in, n++);
  } while (!l.failed() && l.accept(","));
}

void Parser::slot(Line& l, Inst* in) {
  const std::string_view w = l.word();
  const auto& slots = r_.layout->slots;
  for (size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].name == w) {
      in->aux = static_cast<uint32_t>(i);
      return;
    }
  }
  l.fail("no such slot: '" + std::string(w) + "'");
}

void Parser::state_op(Line& l, Inst* in) {
  switch (in->op) {
    case Op::kConst:
    case Op::kVConst:
    case Op::kFlagsConst: in->imm = static_cast<int64_t>(l.number()); break;
    case Op::kPcRel: in->imm = l.offset(); break;
    case Op::kGet: slot(l, in); break;
    case Op::kPut:
      slot(l, in);
      l.expect(",");
      value(l, in, 0);
      break;
    case Op::kGetIdx:
    case Op::kPutIdx:
      slot(l, in);
      l.expect("[");
      value(l, in, 0);
      l.expect("]");
      if (in->op == Op::kPutIdx && l.expect(",")) value(l, in, 1);
      break;
    case Op::kGetTmp:
    case Op::kPutTmp:
      l.expect("t");
      in->aux = static_cast<uint32_t>(l.number());
      if (in->op == Op::kPutTmp && l.expect(",")) value(l, in, 0);
      break;
    default:  // kInsn
      in->imm = l.offset();
      if (l.accept("restore=")) in->aux = static_cast<uint32_t>(l.number());
      break;
  }
}

void Parser::address(Line& l, Inst* in, int32_t* disp) {
  l.expect("[");
  value(l, in, 0);
  *disp = l.accept("]") ? 0 : static_cast<int32_t>(l.offset());
  if (*disp != 0) l.expect("]");
}

MemDesc Parser::mem_suffix(Line& l) {
  MemDesc d;
  bool elem = false;
  while (!l.failed() && !l.at_end()) {
    if (l.accept("bytes=")) {
      d.size = static_cast<uint8_t>(log2(l));
    } else if (l.accept("elem=")) {
      d.elem = static_cast<uint8_t>(log2(l));
      elem = true;
    } else if (l.accept("align=")) {
      d.align = static_cast<uint8_t>(log2(l));
    } else if (l.accept("mmu=")) {
      d.mmu_index = static_cast<uint8_t>(l.number() & 15);
    } else if (l.accept("signed")) {
      d.sign = true;
    } else if (l.accept("big")) {
      d.big = true;
    } else if (l.accept("atomic")) {
      d.atomic = true;
    } else if (l.accept("wrap32")) {
      d.xform = AddrXform::kWrap32;
    } else if (l.accept("strip_tag")) {
      d.xform = AddrXform::kStripTag;
    } else {
      d.order = static_cast<Order>(l.name(kOrderNames, "property of a memory access"));
    }
  }
  if (!elem) d.elem = d.size;
  return d;
}

void Parser::memory_op(Line& l, Inst* in) {
  if (in->op == Op::kFenceOp) {
    do {
      in->aux |= 1u << l.name(kFenceNames, "fence");
    } while (!l.failed() && l.accept("|"));
    return;
  }
  if (in->op == Op::kRmw) in->aux = l.name(kRmwNames, "operation");
  if (in->op == Op::kProbe) in->aux = l.name(kProbeNames, "kind");
  int32_t disp = 0;
  address(l, in, &disp);
  if (l.accept(",")) values(l, in, 1);
  in->imm = Inst::mem_imm(mem_suffix(l), disp);
}

ExitAux Parser::exit_suffix(Line& l) {
  ExitAux e;
  e.kind = static_cast<JumpKind>(l.name(kJumpNames, "kind of jump"));
  e.poll = l.accept("poll");
  if (l.accept("mode=")) {
    e.mode_change = true;
    e.mode_index = static_cast<uint16_t>(l.number());
  }
  if (l.accept("dead=")) e.dead_index = static_cast<uint8_t>(l.number());
  return e;
}

uint32_t Parser::block_ref(Line& l) {
  l.expect("block");
  return static_cast<uint32_t>(l.number());
}

void Parser::control_op(Line& l, Inst* in) {
  switch (in->op) {
    case Op::kBr: in->aux = block_ref(l); break;
    case Op::kCondBr:
      value(l, in, 0);
      l.expect(",");
      in->aux = block_ref(l);
      l.expect(",");
      in->imm = block_ref(l);
      break;
    case Op::kGotoPc:
      in->imm = l.offset();
      in->aux = exit_suffix(l).pack();
      break;
    case Op::kGotoInd:
      value(l, in, 0);
      in->aux = exit_suffix(l).pack();
      break;
    default:  // kSyscall kRaise kRaiseVal kHalt kPoll
      in->imm = l.offset();
      if (in->op == Op::kSyscall && l.expect("number=")) in->aux = static_cast<uint32_t>(l.number());
      if ((in->op == Op::kRaise || in->op == Op::kRaiseVal) && l.expect("code=")) {
        in->aux = static_cast<uint32_t>(l.number());
      }
      if (in->op == Op::kRaiseVal && l.expect(",")) value(l, in, 0);
      break;
  }
}

// The helper's index in the region, to which it is added if need be.
uint32_t Parser::helper(Line& l, std::string_view name) {
  for (size_t i = 0; i < r_.helpers.size(); ++i) {
    if (r_.helpers[i]->name == name) return static_cast<uint32_t>(i);
  }
  for (const HelperDesc* h : helpers_) {
    if (h->name != name) continue;
    r_.helpers.push_back(h);
    return static_cast<uint32_t>(r_.helpers.size() - 1);
  }
  l.fail("no such helper: '" + std::string(name) + "'");
  return 0;
}

void Parser::call(Line& l, Inst* in) {
  in->aux = helper(l, l.word());
  if (l.accept(",")) values(l, in, 0);
}

void Parser::attribute(Line& l, Inst* in) {
  if (l.accept("lsb=")) {
    in->aux |= static_cast<uint32_t>(l.number());
  } else if (l.accept("length=")) {
    in->aux |= static_cast<uint32_t>(l.number()) << 8;
  } else if (l.accept("lane=")) {
    in->aux = log2(l);
  } else if (l.accept("imm=")) {
    in->imm = static_cast<int64_t>(l.number());
  } else if (l.accept("invert") || l.accept("carry")) {
    in->imm = 1;
  } else {
    l.expect("the end of the line");
  }
}

void Parser::other_op(Line& l, Inst* in) {
  if (in->op == Op::kCmp) in->aux = l.name(kCondNames, "condition");
  if (in->op == Op::kFlagsTest) in->aux = l.name(kFlagCondNames, "condition");
  values(l, in, 0);
  while (!l.failed() && !l.at_end()) attribute(l, in);
}

void Parser::operands(Line& l, Inst* in) {
  if (in->op == Op::kNop || in->op == Op::kRestart) return;
  if (in->op <= Op::kInsn || in->op == Op::kVConst) return state_op(l, in);
  if (in->op >= Op::kLoad && in->op <= Op::kProbe) return memory_op(l, in);
  if (in->op == Op::kCall) return call(l, in);
  if (in->op > Op::kCall) return control_op(l, in);
  other_op(l, in);
}

void Parser::inst(Line& l) {
  Inst in;
  std::optional<uint64_t> name;
  if (l.accept("%")) {
    name = l.number();
    l.expect("=");
  }
  const std::string_view w = l.word();
  unsigned op = 0;
  while (op < kNumOps && op_info(static_cast<Op>(op)).text != w) ++op;
  if (op == kNumOps) {
    l.fail("no such op: '" + std::string(w) + "'");
    return;
  }
  in.op = static_cast<Op>(op);
  const OpInfo& info = op_info(in.op);
  in.type = info.own_type ? static_cast<Type>(l.name(kTypeNames, "type")) : info.fixed;
  operands(l, &in);
  if (!l.failed() && !l.at_end()) l.expect("the end of the line");
  if (l.failed()) return;
  if (name.has_value() != (in.type != Type::kVoid)) {
    l.fail(name ? "the op has no result to name" : "the result has no name");
    return;
  }
  if (r_.blocks.empty()) {
    l.fail("an op outside of a block");
    return;
  }
  if (r_.insts.size() >= kNoValue) {
    l.fail("too many ops");
    return;
  }
  if (name && !names_.emplace(*name, static_cast<ValueId>(r_.insts.size())).second) {
    l.fail("a second value %" + std::to_string(*name) + " in this block");
    return;
  }
  r_.insts.push_back(in);
  r_.blocks.back().end = static_cast<uint32_t>(r_.insts.size());
}

// The lines that are not ops.
bool Parser::header(Line& l, std::string_view word) {
  if (word == "region") {
    l.word();
    if (l.accept("pc=")) r_.key.pc = l.number();
    if (l.accept("mode=")) r_.key.mode = static_cast<uint32_t>(l.number());
    if (l.accept("flags=")) r_.key.flags = static_cast<uint32_t>(l.number());
    if (l.accept("insns=")) r_.num_insns = static_cast<uint32_t>(l.number());
  } else if (word == "range") {
    l.word();
    const uint64_t start = l.number();
    r_.ranges.push_back({start, static_cast<uint32_t>(l.number())});
  } else if (word == "temp") {
    l.word();
    r_.temps.push_back(static_cast<Type>(l.name(kTypeNames, "type")));
  } else if (word == "helper") {
    l.word();
    helper(l, l.word());
  } else if (word == "exit_mode") {
    l.word();
    r_.exit_modes.push_back(static_cast<uint32_t>(l.number()));
  } else if (word == "dead") {
    l.word();
    r_.dead_at_exit.emplace_back();
    while (!l.failed() && !l.at_end()) {
      Inst in;
      slot(l, &in);
      r_.dead_at_exit.back().push_back(static_cast<SlotId>(in.aux));
    }
  } else if (word == "block") {
    l.word();
    if (l.number() != r_.blocks.size()) l.fail("blocks are numbered from 0 on in their order");
    l.expect(":");
    const auto at = static_cast<uint32_t>(r_.insts.size());
    r_.blocks.push_back({at, at});
    names_.clear();
  } else {
    return false;
  }
  if (!l.failed() && !l.at_end()) l.expect("the end of the line");
  return true;
}

void Parser::line(Line& l) {
  if (l.at_end() || header(l, l.peek())) return;
  inst(l);
}

Result<void> Parser::run(std::string_view text) {
  for (unsigned number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    Line l(text.substr(0, end));
    line(l);
    if (l.failed()) return Error{"line " + std::to_string(number) + ": " + l.error()};
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  if (r_.blocks.empty()) return Error{"no block"};
  take_notes(r_);
  return {};
}

bool same_inst(const Inst& a, const Inst& b) {
  return a.op == b.op && a.type == b.type && std::equal(a.args, a.args + 4, b.args) && a.aux == b.aux &&
         a.imm == b.imm;
}

}  // namespace

Result<void> parse(std::string_view text, const StateLayout& layout,
                   std::span<const HelperDesc* const> helpers, Region* out) {
  return Parser(layout, helpers, out).run(text);
}

bool same(const Region& a, const Region& b) {
  const auto same_block = [](const Block& x, const Block& y) { return x.first == y.first && x.end == y.end; };
  const auto same_range = [](const GuestRange& x, const GuestRange& y) {
    return x.start == y.start && x.bytes == y.bytes;
  };
  return a.key == b.key && a.layout == b.layout && a.num_insns == b.num_insns && a.temps == b.temps &&
         a.helpers == b.helpers && a.exit_modes == b.exit_modes && a.dead_at_exit == b.dead_at_exit &&
         std::equal(a.ranges.begin(), a.ranges.end(), b.ranges.begin(), b.ranges.end(), same_range) &&
         std::equal(a.blocks.begin(), a.blocks.end(), b.blocks.begin(), b.blocks.end(), same_block) &&
         std::equal(a.insts.begin(), a.insts.end(), b.insts.begin(), b.insts.end(), same_inst);
}

}  // namespace xarch::ir

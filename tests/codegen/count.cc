#include "tests/codegen/count.h"

#include <cstring>
#include <fstream>
#include <sstream>

#include "targets/arm/core/guest.h"
#include "targets/mips/core/guest.h"
#include "targets/x86/core/guest.h"
#include "tcg/backend/x86_64/backend.h"
#include "tcg/opt/passes.h"
#include "tests/codegen/assemble.h"
#include "tests/emitter/mc.h"
#include "tests/support/code_arena.h"

namespace xarch::test {

namespace {

constexpr uint64_t kPc = 0x400000;

// The snippet's bytes at kPc and nothing around them.
class SnippetReader : public tcg::CodeReader {
 public:
  explicit SnippetReader(const std::vector<uint8_t>& bytes) : bytes_(bytes) {}
  bool fetch(uint64_t pc, void* out, unsigned bytes) override {
    if (pc < kPc || pc + bytes > kPc + bytes_.size()) return false;
    std::memcpy(out, bytes_.data() + (pc - kPc), bytes);
    return true;
  }

 private:
  const std::vector<uint8_t>& bytes_;
};

bool count_host(const uint8_t* code, uint32_t bytes, Counts* c) {
  static const Mc mc;
  bool hot = true;
  for (uint32_t at = 0; at < bytes;) {
    const McInstruction i = mc.decode(code + at, bytes - at);
    if (i.length == 0) return false;
    c->all++;
    c->hot += hot;
    if (i.text.starts_with("jmp ")) hot = false;
    char offset[16];
    std::snprintf(offset, sizeof offset, "%6x  ", at);
    c->listing += offset + i.text + "\n";
    at += i.length;
  }
  return true;
}

}  // namespace

x86_64::HostFeatures common_features() {
  x86_64::HostFeatures f;
  f.bmi1 = f.bmi2 = f.lzcnt = f.movbe = f.avx = f.avx2 = f.fma = f.f16c = f.aes = f.pclmul = f.sha = true;
  return f;
}

GuestUnderTest::~GuestUnderTest() = default;

Result<std::unique_ptr<GuestUnderTest>> GuestUnderTest::make_plain(const std::string& name) {
  std::unique_ptr<GuestUnderTest> g(new GuestUnderTest);
  if (name == "arm64") {
    g->triple_ = "aarch64-linux-gnu";
    g->features_ = "+v8.6a,+fullfp16,+fp16fml,+bf16,+lse,+aes,+sha2,+sha3,+sm4";
    g->guest_ = arm::make_arm64_guest("max");
  } else if (name == "mips" || name == "mipsel") {
    g->triple_ = name + "-linux-gnu";
    g->features_ = "+mips32r2";
    g->prologue_ = ".set noreorder\n.set noat\n.set nomacro\n";
    mips::MipsOptions options;
    options.little = name == "mipsel";
    g->guest_ = std::make_unique<mips::MipsGuest>(options);
  } else if (name == "x86-64" || name == "i386") {
    g->triple_ = name == "i386" ? "i386-linux-gnu" : "x86_64-linux-gnu";
    g->features_ = "+avx2,+bmi,+bmi2,+fma,+f16c,+lzcnt,+popcnt,+movbe,+aes,+pclmul,+sha";
    g->mode_ = name == "i386" ? uint32_t{x86::kModeCode32} : 0;
    const x86::Model& model = *x86::find_model("max");
    g->guest_ = std::make_unique<x86::X86Guest>(model);
    // Three registers of x87 are in use.
    const auto state = std::make_shared<x86::X86State>();
    state->reset(model, name == "i386");
    state->x87_where = 0xe005;
    g->state_ = state;
  } else {
    return Error{"unknown guest '" + name + "'"};
  }
  return g;
}

Result<std::unique_ptr<GuestUnderTest>> GuestUnderTest::make(const std::string& name_and_mode) {
  const size_t space = name_and_mode.find(' ');
  auto g = make_plain(name_and_mode.substr(0, space));
  if (g && space != std::string::npos) {
    (*g)->mode_ = static_cast<uint32_t>(std::strtoul(name_and_mode.c_str() + space, nullptr, 0));
  }
  return g;
}

Result<Counts> GuestUnderTest::count(const std::string& text) const {
  const Result<std::vector<uint8_t>> bytes = assemble(triple_, features_, prologue_ + text);
  if (!bytes) return bytes.error();
  ir::Region region;
  ir::BlockKey key;
  key.pc = kPc;
  key.mode = mode_;
  ir::Builder builder(&region, guest_->layout(), key);
  SnippetReader reader(*bytes);
  tcg::LiftLimits limits;
  limits.state = state_.get();
  guest_->lift(builder, reader, limits);
  opt::Workspace work;
  opt::run_passes(region, work);
  x86_64::Backend backend(common_features());
  xarch::testing::CodeArena arena(backend, guest_->layout(), 0, nullptr, guest_->fp_rules());
  const tcg::CompileResult r = backend.compile(region, arena);
  if (r.status != tcg::CompileResult::kOk) return Error{"tier 1 does not compile it"};
  Counts c;
  c.guest = region.num_insns;
  unsigned there = 0;
  for (uint64_t pc = kPc; pc < kPc + bytes->size(); pc += guest_->insn_bytes(reader, pc, mode_)) ++there;
  if (c.guest != there) {
    return Error{"translated " + std::to_string(c.guest) + " of " + std::to_string(there) + " instructions"};
  }
  if (!count_host(arena.code, r.code_bytes - r.data_bytes, &c))
    return Error{"MC does not know the code after\n" + c.listing};
  c.bytes = r.code_bytes;
  return c;
}

namespace {

// "[name] hot=3 all=9": false if it reads otherwise.
bool parse_heading(const std::string& line, SnippetCase* c) {
  const size_t close = line.find(']');
  if (close == std::string::npos) return false;
  c->name = line.substr(1, close - 1);
  std::istringstream words(line.substr(close + 1));
  std::string word;
  while (words >> word) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) return false;
    const std::string key = word.substr(0, equals);
    unsigned* const limit = key == "hot"     ? &c->max_hot
                            : key == "all"   ? &c->max_all
                            : key == "bytes" ? &c->max_bytes
                                             : nullptr;
    if (limit == nullptr) return false;
    *limit = static_cast<unsigned>(std::strtoul(word.c_str() + equals + 1, nullptr, 10));
  }
  return !c->name.empty();
}

}  // namespace

Result<CaseFile> read_cases(const std::string& path) {
  std::ifstream in(path);
  if (!in) return Error{"cannot read " + path};
  CaseFile file;
  std::string line;
  for (int n = 1; std::getline(in, line); n++) {
    if (line.empty() || line[0] == '#') continue;
    if (file.guest.empty()) {
      if (!line.starts_with("guest ")) return Error{path + " does not start with its guest"};
      file.guest = line.substr(6);
    } else if (line[0] == '[') {
      SnippetCase c;
      c.line = n;
      if (!parse_heading(line, &c)) return Error{path + ":" + std::to_string(n) + ": malformed case"};
      file.cases.push_back(c);
    } else if (file.cases.empty()) {
      return Error{path + ":" + std::to_string(n) + ": instruction outside of a case"};
    } else {
      file.cases.back().text += line + "\n";
    }
  }
  return file;
}

}  // namespace xarch::test

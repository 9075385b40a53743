// Prints the host instruction counts of a case file, with a case's name its host code too; --tighten lowers
// the limits in the file to what is reached now (and sets those that are not there yet). It never raises one.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>

#include "tests/codegen/count.h"

using namespace xarch::test;

namespace {

unsigned lower(unsigned limit, unsigned reached) { return limit == 0 ? reached : std::min(limit, reached); }

// Writes the file again with new heading lines.
bool rewrite(const std::string& path, const std::map<int, std::string>& headings) {
  std::ifstream in(path);
  std::string line, out;
  for (int n = 1; std::getline(in, line); n++) {
    const auto it = headings.find(n);
    out += (it == headings.end() ? line : it->second) + "\n";
  }
  in.close();
  std::ofstream file(path);
  file << out;
  return file.good();
}

int fail(const std::string& message) {
  std::fprintf(stderr, "codegen_count: %s\n", message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const bool tighten = argc == 3 && std::string(argv[1]) == "--tighten";
  if (argc < 2 || argc > 3) return fail("usage: codegen_count FILE [CASE] | --tighten FILE");
  const std::string path = argv[tighten ? 2 : 1];
  const std::string only = argc == 3 && !tighten ? argv[2] : "";
  const auto file = read_cases(path);
  if (!file) return fail(file.error().message);
  const auto guest = GuestUnderTest::make(file->guest);
  if (!guest) return fail(guest.error().message);
  Counts total;
  std::map<int, std::string> headings;
  for (const SnippetCase& c : file->cases) {
    if (!only.empty() && c.name != only) continue;
    const auto n = (*guest)->count(c.text);
    if (!n) {
      std::printf("[%s] %s\n", c.name.c_str(), n.error().message.c_str());
      continue;
    }
    char line[200];
    std::snprintf(line, sizeof line, "[%s] hot=%u all=%u bytes=%u", c.name.c_str(), lower(c.max_hot, n->hot),
                  lower(c.max_all, n->all), lower(c.max_bytes, n->bytes));
    headings[c.line] = line;
    std::printf("%-26s guest %2u  hot %3u (%u)  all %3u (%u)  bytes %3u (%u)\n", c.name.c_str(), n->guest,
                n->hot, c.max_hot, n->all, c.max_all, n->bytes, c.max_bytes);
    if (!only.empty()) std::printf("%s", n->listing.c_str());
    total.guest += n->guest;
    total.hot += n->hot;
    total.bytes += n->bytes;
  }
  if (total.guest != 0) {
    std::printf("%.2f hot host instructions and %.1f bytes per guest instruction\n",
                double(total.hot) / total.guest, double(total.bytes) / total.guest);
  }
  if (tighten && !rewrite(path, headings)) return fail("cannot write " + path);
}

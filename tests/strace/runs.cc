#include "tests/strace/runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

namespace xarch {

std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Traced traced(const std::string& options, const std::string& program, const std::string& argument) {
  char directory[] = "/tmp/xarch-strace-XXXXXX";
  if (mkdtemp(directory) == nullptr) return {};
  const std::string base(directory), work = base + "/work", log = base + "/log";
  std::string with_log = options;
  if (const size_t at = with_log.find("LOG"); at != std::string::npos) with_log.replace(at, 3, log);
  const std::string command =
      "mkdir " + work + "; cd " + work +
      "; umask 022; ulimit -c 0; exec env -i PATH=/usr/bin:/bin TZ=UTC timeout 60 " XARCH " run " + with_log +
      " " PROGRAM_DIR "/" + program + " " + argument + " 2>&1 </dev/null";
  Traced result;
  // The program's files begin at 3, whatever the test itself was started with.
  close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
  FILE* pipe = popen(command.c_str(), "r");
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) result.out.append(buffer, n);
  result.status = pclose(pipe);
  result.log = file_text(log);
  if (system(("rm -r " + base).c_str()) != 0) result.status = -1;
  return result;
}

std::string normalized(const std::string& log) {
  // Whatever is known to be the number of a thread gets a name in the order of appearance.
  std::map<std::string, std::string> names;
  const std::regex known("(?:^|\n)([0-9]+) |\\[pid +([0-9]+)\\]|si_pid=([0-9]+)|clone\\([^\n]*= ([0-9]+)\n");
  for (std::sregex_iterator i(log.begin(), log.end(), known), end; i != end; ++i) {
    for (size_t k = 1; k < i->size(); ++k) {
      if (!(*i)[k].matched) continue;
      const std::string name = "P" + std::to_string(names.size() + 1);
      names.emplace((*i)[k], name);
    }
  }
  std::string text;
  const std::regex number(
      "0x[0-9a-f]{6,}|si_(?:uid|[us]time)=[0-9]+|stx_mask=[A-Z_|]+|htons\\([0-9]{4,5}\\)|\\b[0-9]{2,}\\b");
  // Where a number of two or more digits is a thread's, and not a size that happens to be the same.
  const std::regex before_thread(
      "(^|\\[pid +|_pid=|parent_tid=\\[|kill\\(|tgkill\\([0-9]+, |wait4\\(|(clone|wait4|getp?pid)[( ].*= "
      "+)$");
  auto at = log.begin();
  for (std::sregex_iterator i(log.begin(), log.end(), number), end; i != end; ++i) {
    const std::string word = i->str();
    const auto here = log.begin() + i->position();
    text.append(at, here);
    at = here + static_cast<long>(word.size());
    if (word.starts_with("0x")) {
      text += "ADDR";
    } else if (word.starts_with("htons")) {
      text += "htons(PORT)";
    } else if (word.starts_with("st") || word.starts_with("si")) {
      text += word.substr(0, word.find('=') + 1) + "…";
    } else {
      const auto found = names.find(word);
      const auto line = std::find(std::make_reverse_iterator(here), log.rend(), '\n').base();
      text += found == names.end() || !std::regex_search(line, here, before_thread) ? word : found->second;
    }
  }
  text.append(at, log.end());
  return text;
}

std::map<std::string, std::vector<std::string>> by_thread(const std::string& log) {
  std::map<std::string, std::vector<std::string>> threads;
  std::map<std::string, std::string> open;
  std::istringstream lines(normalized(log));
  constexpr std::string_view kUnfinished = " <unfinished ...>";
  for (std::string line; std::getline(lines, line);) {
    const size_t blank = line.find(' ');
    const std::string name = line.substr(0, blank);
    std::string text = line.substr(line.find_first_not_of(' ', blank));
    if (text.ends_with(kUnfinished)) {
      open[name] = text.substr(0, text.size() - kUnfinished.size());
      continue;
    }
    if (text.starts_with("<... ") && text.find(" resumed>") != std::string::npos) {
      text = open[name] + text.substr(text.find(" resumed>") + 9);
      open.erase(name);
    }
    // Columns depend on where a line was cut.
    threads[name].push_back(std::regex_replace(text, std::regex("\\) += "), ") = "));
  }
  return threads;
}

std::string group(const std::vector<std::string>& lines) {
  std::string text;
  int seen = 0;
  for (const std::string& line : lines) {
    if (line.starts_with("getppid()")) {
      ++seen;
    } else if (seen == 1) {
      text += line + "\n";
    }
  }
  return text;
}

}  // namespace xarch

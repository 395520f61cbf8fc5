# Makes one program of all ```cpp blocks of a page, each the body of a function, and a test of each: PAGE_1 is the first.
function(test_snippets page)
  cmake_path(GET page STEM name)
  string(TOLOWER ${name} name)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page})
  file(READ ${page} rest)
  set(number 0)
  set(functions)
  set(cases)
  while(rest MATCHES "\n```cpp\n")
    string(FIND "${rest}" "\n```cpp\n" begin)
    math(EXPR begin "${begin} + 8")
    string(SUBSTRING "${rest}" ${begin} -1 rest)
    string(FIND "${rest}" "\n```" end)
    string(SUBSTRING "${rest}" 0 ${end} block)
    math(EXPR number "${number} + 1")
    string(APPEND functions "void block_${number}() {\n${block}\n}\n\n")
    string(APPEND cases "    case ${number}: return block_${number}(), 0;\n")
    add_test(NAME ${name}_${number} COMMAND snippets_${name} ${number})
  endwhile()
  # In a folder of its own: what an earlier one wrote must not be gone on with.
  set(program "int run(int block) {\n  switch (block) {\n${cases}  }\n  return 2;\n}\n
int main(int, char** argv) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / (std::string(\"xtape_${name}_\") + argv[1]);
  fs::remove_all(folder), fs::create_directories(folder), fs::current_path(folder);
  const int failed = run(std::atoi(argv[1]));
  fs::current_path(folder.parent_path()), fs::remove_all(folder);
  return failed;
}\n")
  file(CONFIGURE OUTPUT snippets_${name}.cpp @ONLY
       CONTENT "#include <cstdlib>\n#include <filesystem>\n#include <iostream>\n#include <xtape.hpp>\nusing namespace xtape;\n\n@functions@@program@")
  add_executable(snippets_${name} ${CMAKE_CURRENT_BINARY_DIR}/snippets_${name}.cpp)
  target_link_libraries(snippets_${name} PRIVATE xtape::xtape)
endfunction()

test_snippets(${PROJECT_SOURCE_DIR}/README.md)
test_snippets(${PROJECT_SOURCE_DIR}/docs/datasets.md)
test_snippets(${PROJECT_SOURCE_DIR}/docs/internals.md)
test_snippets(${PROJECT_SOURCE_DIR}/docs/lab.md)
test_snippets(${PROJECT_SOURCE_DIR}/docs/training.md)

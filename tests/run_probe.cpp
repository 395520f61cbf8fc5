// A small training with all that has a state, for run_kill.py: run_probe FILE RESULT THREADS. It is saved to FILE after
// every step; what it came to is written to RESULT, and its page to FILE.html.
#include <autograd/files/new_file.hpp>
#include <cstdio>
#include <cstdlib>
#include <xtape.hpp>

using namespace xtape;

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  set_num_threads(std::atoi(argv[3]));
  manual_seed(1);
  const datasets::Images train = datasets::synthetic_digits(300, 1), other = datasets::synthetic_digits(100, 2);
  const nn::Sequential net{nn::Linear(784, 40), nn::BatchNorm1d(40), nn::relu, nn::Dropout(0.3), nn::Linear(40, 10)};
  optim::Run run(net, optim::AdamW(net.parameters(), optim::AdamOptions(0.01).amsgrad()), datasets::batches(train, 32),
                 [&](const Tensor& x, const Tensor& t) {
                   const Tensor y = net(x + normal(x.shape(), 0, 0.1));
                   return optim::LossAndOutput{nn::cross_entropy(y, t), y};
                 });
  run.validate(other, {optim::accuracy, optim::auroc}).measure(optim::accuracy).keep_best("accuracy").average(0.9);
  run.schedule(optim::OneCycle(0.02)).react(optim::ReduceOnPlateau()).clip_norm(1);
  run.save_to(argv[1], optim::SaveOptions().every_steps(1).keep(2)).progress(optim::ProgressStyle::quiet);
  run.report(std::string(argv[1]) + ".html", "Digits");
  const optim::History& history = run.fit(6);

  std::string text;
  char line[128];
  for (const optim::Epoch& e : history.epochs)
    for (const auto& [name, value] : e.values()) {
      std::snprintf(line, sizeof line, "%lld %s %a %d\n", static_cast<long long>(e.number()), name.c_str(), value,
                    e.best);
      text += line;
    }
  for (const auto& [step, loss] : history.loss.points()) {
    std::snprintf(line, sizeof line, "%a %a\n", step, loss);
    text += line;
  }
  for (const auto& [name, value] : net.state_dict()) {
    text += name;
    for (const double x : value.to_vector<double>()) {
      std::snprintf(line, sizeof line, " %a", x);
      text += line;
    }
    text += "\n";
  }
  NewFile file("run_probe", argv[2]);
  file.write(text);
  file.keep();
}

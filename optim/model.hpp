// Model: what a training trains, whatever declares it.
#pragma once
#include <autograd/parameter.hpp>
#include <autograd/state_dict.hpp>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace xtape::optim {

namespace detail {

template <class M, class = void>
inline constexpr bool is_model = false;
template <class M>
inline constexpr bool
    is_model<M, std::void_t<decltype(std::declval<M&>().parameters()), decltype(std::declval<M&>().state_dict()),
                            decltype(std::declval<M&>().load_state_dict(std::declval<const StateDict&>()))>> = true;
template <class M, class = void>
inline constexpr bool has_mode = false;
template <class M>
inline constexpr bool
    has_mode<M, std::void_t<decltype(std::declval<M&>().train(true)), decltype(std::declval<M&>().is_training())>> =
        true;
template <class M, class = void>
inline constexpr bool has_hooks = false;
template <class M>
inline constexpr bool has_hooks<M, std::void_t<decltype(std::declval<M&>().named_modules())>> = true;
template <class M, class = void>
inline constexpr bool has_buffers = false;
template <class M>
inline constexpr bool
    has_buffers<M, std::void_t<decltype(std::declval<M&>().buffers()[0].assign(std::declval<const Tensor&>())),
                               decltype(std::declval<M&>().buffers()[0].tensor())>> = true;

// Whether a model takes a tensor and gives one: by its forward where it is a module, whose operator() takes anything
// and says then what is wrong.
template <class M, class = void>
inline constexpr bool forwards = false;
template <class M>
inline constexpr bool
    forwards<M, std::void_t<decltype(std::declval<const M&>().forward(std::declval<const Tensor&>()))>> =
        std::is_convertible_v<decltype(std::declval<const M&>().forward(std::declval<const Tensor&>())), Tensor>;
template <class M, class = void>
inline constexpr bool calls = false;
template <class M>
inline constexpr bool calls<M, std::void_t<decltype(std::declval<M&>()(std::declval<const Tensor&>()))>> =
    std::is_convertible_v<decltype(std::declval<M&>()(std::declval<const Tensor&>())), Tensor>;
template <class M>
constexpr bool predicts() {
  if constexpr (has_hooks<M>) return forwards<M>;
  else return calls<M>;
}

}  // namespace detail

/// A model with its type erased. It is made of what has `parameters()`, `state_dict()` and `load_state_dict(values)`,
/// whose copies are the same model, as those of modules are; with `train(bool)` and `is_training()` it has a mode, and
/// with `operator()(Tensor)` it predicts.
class Model {
 public:
  template <class M, class = std::enable_if_t<!std::is_same_v<std::decay_t<M>, Model>>>
  Model(const M& model) : Model(std::make_shared<M>(model), 0) {
    static_assert(detail::is_model<M>, "a model has parameters(), state_dict() and load_state_dict(values)");
    const std::vector<Parameter> own = model.parameters(), copied = parameters();
    bool same = own.size() == copied.size();
    for (std::size_t i = 0; same && i < own.size(); ++i) same = own[i].is(copied[i]);
    if (!same)
      fail("Model",
           "a copy of the model has parameters of its own; expected a model whose copies are the same one, as modules "
           "are");
  }

  std::vector<Parameter> parameters() const { return parameters_(); }
  StateDict state_dict() const { return state_dict_(); }
  void load_state_dict(const StateDict& values) const { load_(values); }
  /// Whether it is in training; true where it has no mode.
  bool is_training() const { return !is_training_ || is_training_(); }
  void train(bool on) const {
    if (train_) train_(on);
  }
  /// What brings the modes of all its modules back to what they are now.
  std::function<void()> modes() const { return modes_ ? modes_() : nullptr; }
  /// A tensor that is not trained, such as a running mean.
  struct Buffer {
    std::function<Tensor()> value;
    std::function<void(const Tensor&)> assign;
  };
  std::vector<Buffer> buffers() const { return buffers_ ? buffers_() : std::vector<Buffer>(); }
  /// What it computes of an input; empty where it takes no Tensor or gives none.
  const std::function<Tensor(const Tensor&)>& predict() const { return predict_; }
  /// Calls f with the path and the output of each of its modules that is called while the result lives; where it has no
  /// modules, never.
  using Watch = std::function<void(const std::string& path, const Tensor& output)>;
  [[nodiscard]] std::shared_ptr<void> watch(const Watch& f) const { return watch_ ? watch_(f) : nullptr; }

 private:
  template <class M>
  Model(std::shared_ptr<M> model, int)
      : parameters_([model] { return model->parameters(); }),
        state_dict_([model] { return model->state_dict(); }),
        load_([model](const StateDict& values) { model->load_state_dict(values); }) {
    if constexpr (detail::has_mode<M>) {
      train_ = [model](bool on) { model->train(on); };
      is_training_ = [model] { return model->is_training(); };
      modes_ = [model]() -> std::function<void()> {
        if constexpr (detail::has_hooks<M>) {
          auto modules = model->named_modules();  // each before its children, whose modes it sets, too
          std::vector<bool> modes;
          for (const auto& named : modules) modes.push_back(named.second.is_training());
          return [modules = std::move(modules), modes = std::move(modes)]() mutable {
            for (std::size_t i = 0; i < modes.size(); ++i) modules[i].second.train(modes[i]);
          };
        } else {
          return [model, on = model->is_training()] { model->train(on); };
        }
      };
    }
    if constexpr (detail::has_buffers<M>)
      buffers_ = [model] {
        std::vector<Buffer> all;
        for (const auto& buffer : model->buffers())
          all.push_back({[buffer] { return buffer.tensor(); }, [buffer](const Tensor& x) { buffer.assign(x); }});
        return all;
      };
    if constexpr (detail::has_hooks<M>)
      watch_ = [model](const Watch& f) -> std::shared_ptr<void> {
        auto modules = model->named_modules();
        using Handle = decltype(modules[0].second.register_forward_hook({}));
        auto handles = std::shared_ptr<std::vector<Handle>>(new std::vector<Handle>, [](std::vector<Handle>* all) {
          for (Handle& handle : *all) handle.remove();
          delete all;
        });
        for (auto& named : modules)
          if (!named.first.empty())
            handles->push_back(named.second.register_forward_hook(
                [f, path = named.first](const auto&, const Tensors&, Tensors& outputs) {
                  if (!outputs.empty()) f(path, outputs[0]);
                }));
        return handles;
      };
    if constexpr (detail::predicts<M>()) predict_ = [model](const Tensor& x) -> Tensor { return (*model)(x); };
  }

  std::function<std::vector<Parameter>()> parameters_;
  std::function<StateDict()> state_dict_;
  std::function<void(const StateDict&)> load_;
  std::function<void(bool)> train_;
  std::function<bool()> is_training_;
  std::function<std::function<void()>()> modes_;
  std::function<std::vector<Buffer>()> buffers_;
  std::function<Tensor(const Tensor&)> predict_;
  std::function<std::shared_ptr<void>(const Watch&)> watch_;
};

}  // namespace xtape::optim

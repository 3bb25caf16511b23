#pragma once
// Which losses a run has, and which plugins compute them.

#include <set>
#include <string>
#include <vector>

#include "losses/loss_term.h"
#include "plugins/registry.h"
#include "reverie/loss.h"

namespace reverie {

/// Gives each of `terms`, which have settings of their own, the plugin with that setting's role, and adds
/// those of the setting `losses`: names of loss plugins, or groups {name, weight, stop, mask, target, ...}
/// with the plugin's own parameters. Expressions may use t and `variables`. What is wrong is added to
/// `problems`, located; terms without a plugin are taken out.
void choose_losses(std::vector<LossTerm>& terms, const Settings& settings, const PluginRegistry& registry,
                   const std::set<std::string>& variables, std::vector<Problem>& problems);

/// The traits of a loss, from an instance for a picture of one pixel. Throws what its constructor
/// throws.
Loss::Traits traits_of(const LossTerm& term, Host& host);

/// Adds to `problems` a target or mask that the loss does not use, and a target that it needs.
void check_traits(const LossTerm& term, const Loss::Traits& traits, std::vector<Problem>& problems);

}  // namespace reverie

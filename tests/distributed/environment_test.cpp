// What launchers put into the environment.

#include "distributed/environment.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "reverie/error.h"

namespace reverie::distributed {
namespace {

/// The environment with these variables and none of the launchers' others.
using Values = std::map<std::string, std::string>;

class Variables {
 public:
  explicit Variables(const std::map<std::string, std::string>& values) {
    clear();
    for (const auto& [name, value] : values) ::setenv(name.c_str(), value.c_str(), 1);
  }
  ~Variables() { clear(); }

 private:
  static void clear() {
    for (const char* name :
         {"RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT", "SLURM_PROCID", "SLURM_NTASKS",
          "SLURM_LOCALID", "SLURM_STEP_ID", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE",
          "OMPI_COMM_WORLD_LOCAL_RANK", "TORCHELASTIC_USE_AGENT_STORE", "TORCHELASTIC_RESTART_COUNT",
          "REVERIE_TRUST_NETWORK"})
      ::unsetenv(name);
  }
};

TEST(RankEnvironment, of_a_process_alone_is_none) {
  const Variables none(Values{});
  EXPECT_FALSE(rank_environment());
  const Variables one(Values{{"RANK", "0"}, {"WORLD_SIZE", "1"}});
  EXPECT_FALSE(rank_environment());
}

TEST(RankEnvironment, of_a_place_on_the_machine_never_fails) {
  // Commands that have no ranks read it, too, such as those in a shell that srun has started.
  {
    const Variables variables(Values{{"RANK", "2"}, {"WORLD_SIZE", "4"}});
    EXPECT_EQ(local_rank(), 0);
  }
  {
    const Variables variables(Values{{"RANK", "2"}, {"WORLD_SIZE", "4"}, {"LOCAL_RANK", "2"}});
    EXPECT_EQ(local_rank(), 2);
  }
  {
    const Variables variables(Values{{"SLURM_LOCALID", "3"}});
    EXPECT_EQ(local_rank(), 3);
  }
  {
    const Variables variables(Values{{"LOCAL_RANK", "many"}, {"OMPI_COMM_WORLD_LOCAL_RANK", "-1"}});
    EXPECT_EQ(local_rank(), 0);
  }
}

TEST(RankEnvironment, of_torchrun) {
  const Variables variables(Values{{"RANK", "3"},
                                   {"WORLD_SIZE", "8"},
                                   {"LOCAL_RANK", "1"},
                                   {"MASTER_ADDR", "10.0.0.7"},
                                   {"MASTER_PORT", "29500"},
                                   {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                                   {"TORCHELASTIC_RESTART_COUNT", "2"}});
  const auto found = rank_environment();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rank, 3);
  EXPECT_EQ(found->count, 8);
  EXPECT_EQ(found->local_rank, 1);
  EXPECT_EQ(found->address, "10.0.0.7");
  EXPECT_EQ(found->port, 29500);
  EXPECT_TRUE(found->store_is_there);
  EXPECT_EQ(found->attempt, "2");
}

TEST(RankEnvironment, of_slurm_only_within_a_step) {
  std::map<std::string, std::string> values = {{"SLURM_PROCID", "1"},
                                               {"SLURM_NTASKS", "4"},
                                               {"SLURM_LOCALID", "0"},
                                               {"MASTER_ADDR", "node1"},
                                               {"MASTER_PORT", "29500"}};
  {
    const Variables of_a_batch_script(values);
    EXPECT_FALSE(rank_environment());
  }
  values["SLURM_STEP_ID"] = "0";
  const Variables of_srun(values);
  const auto found = rank_environment();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rank, 1);
  EXPECT_EQ(found->count, 4);
}

TEST(RankEnvironment, of_open_mpi) {
  const Variables variables(Values{{"OMPI_COMM_WORLD_RANK", "1"},
                                   {"OMPI_COMM_WORLD_SIZE", "2"},
                                   {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                                   {"MASTER_ADDR", "127.0.0.1"},
                                   {"MASTER_PORT", "29500"}});
  const auto found = rank_environment();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rank, 1);
  EXPECT_EQ(found->local_rank, 1);
}

TEST(RankEnvironment, that_makes_no_sense_is_refused) {
  const std::map<std::string, std::string> good = {
      {"RANK", "1"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", "29500"}};
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"RANK", "2"}, {"WORLD_SIZE", "two"}, {"MASTER_ADDR", ""}, {"MASTER_PORT", "70000"}}) {
    auto values = good;
    values[name] = value;
    const Variables variables(values);
    EXPECT_THROW(rank_environment(), Error) << name << "=" << value;
  }
}

TEST(RankEnvironment, public_addresses_need_trust) {
  const Variables none(Values{});
  for (const char* address :
       {"127.0.0.1", "localhost", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.1.1",
        "100.64.0.1", "::1", "fd00::1", "fe80::1", "::ffff:10.0.0.1"})
    EXPECT_NO_THROW(refuse_public(address)) << address;
  for (const char* address :
       {"8.8.8.8", "172.32.0.1", "192.169.0.1", "100.128.0.1", "2001:db8::1", "::ffff:8.8.8.8"})
    EXPECT_THROW(refuse_public(address), Error) << address;
  const Variables trusted(Values{{"REVERIE_TRUST_NETWORK", "1"}});
  EXPECT_NO_THROW(refuse_public("8.8.8.8"));
}

}  // namespace
}  // namespace reverie::distributed

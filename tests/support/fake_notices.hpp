#pragma once
// What services say to gosv, when the test lets them, and what gosv says to whoever started it.
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "gosv/app/platform.hpp"
#include "support/fixed_queue.hpp"

namespace gosv::test {

class FakeNotices {
  public:
    struct Said {
        ServiceId service;
        app::Notice notice;
    };

    FixedQueue<Said, 1024> said;
    FixedQueue<std::string_view, 4> announced;
    std::optional<SysError> announce_error;

    // A service says something; heard from the next wait on.
    void say(ServiceId service, const app::Notice& notice) { said.push({service, notice}); }

  protected:
    // Those who have said something by now, each once.
    bool find_speakers() {
        std::array<bool, 64> seen{};
        speakers_.clear();
        for (std::size_t i = 0; i < said.size(); ++i) {
            if (!std::exchange(seen[index(said[i].service)], true)) {
                speakers_.push(said[i].service);
            }
        }
        return !speakers_.empty();
    }

    std::span<const ServiceId> speakers() const { return {&speakers_[0], speakers_.size()}; }

    std::optional<app::Notice> take_notice(ServiceId service) {
        for (std::size_t left = said.size(); left > 0; --left) {
            const Said first = said.pop();
            if (first.service == service) {
                return first.notice;
            }
            said.push(first);
        }
        return std::nullopt;
    }

    Status take_announcement(std::string_view message) {
        announced.push(message);
        return announce_error ? Status(*announce_error) : Status();
    }

  private:
    FixedQueue<ServiceId, 64> speakers_;
};

}  // namespace gosv::test

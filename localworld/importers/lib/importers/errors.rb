# frozen_string_literal: true

module Importers
  # A fetch that ended in a way that we know. `EXIT` is the process's exit code, `KIND` its name in NAME.error.json.
  class Error < StandardError
    attr_reader :step, :selector, :file, :line

    # `at` is where it happened: anything that answers step, selector, file and line.
    def initialize(message, at: nil)
      super(message)
      @step, @selector, @file, @line = at.step, at.selector, at.file, at.line if at
    end
  end

  # The page is not what the gatherer expects.
  class SourceChanged < Error
    EXIT = 3
    KIND = "source_changed"
  end

  # The portal does not answer, or answers that it is out of service.
  class SourceDown < Error
    EXIT = 4
    KIND = "source_down"
  end

  # The portal refused the login.
  class AuthFailed < Error
    EXIT = 5
    KIND = "auth_failed"
  end

  # The bills were fetched but break the output contract.
  class ContractBroken < Error
    EXIT = 6
    KIND = "contract_broken"
  end
end

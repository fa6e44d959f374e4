# frozen_string_literal: true

# Entry point: knows all importers and loads them.
module Importers
  ROOT = File.expand_path("..", __dir__)

  # Names of all importers, as `rake list` prints them.
  def self.names
    Dir[File.join(ROOT, "lib/gatherers/*.rb")].map { |path| File.basename(path, ".rb") }.sort
  end

  # The gatherer class of one importer.
  def self.gatherer(name)
    raise ArgumentError, "no importer is called #{name}" unless names.include?(name)

    require_relative "gatherers/#{name}"
    Gatherers.const_get(name.split("_").map(&:capitalize).join)
  end
end

require_relative "importers/errors"
require_relative "importers/recorder"
require_relative "importers/bill"
require_relative "importers/lookups"
require_relative "importers/reading"
require_relative "importers/gatherer"
require_relative "importers/schema"
require_relative "importers/runner"

# frozen_string_literal: true

require "tmpdir"
require "webmock/rspec"
require_relative "../lib/importers"
require_relative "replay"

WebMock.disable_net_connect!

RSpec.configure do |config|
  config.include Replay
  config.around do |example|
    Dir.mktmpdir { |folder| @folder = folder and example.run }
  end
end

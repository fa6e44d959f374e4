# frozen_string_literal: true

require "fileutils"
require "json"
require "time"

module Importers
  # Runs one importer as its environment says, writes NAME.json or NAME.error.json, and gives the exit code.
  class Runner
    CRASHED = 1

    def initialize(name, env: ENV.to_h)
      @name = name
      @env = env
      @out = File.expand_path(env.fetch("OUT_DIR", "out"))
      @recorder = Recorder.new(importer: name, root: ROOT, folder: env["FETCH_TRACE_DIR"])
    end

    def run
      result = checked(fetch)
      write("#{@name}.json", result)
      puts "#{@name}: #{result[:count]} bills"
      0
    rescue StandardError => error
      fail_with(error)
    ensure
      @recorder.write
    end

    private

    def fetch
      login = { portal: @env.fetch("PORTAL_URL"), username: @env.fetch("PORTAL_USERNAME"), password: @env.fetch("PORTAL_PASSWORD") }
      bills = Importers.gatherer(@name).new(name: @name, out: @out, recorder: @recorder, **login).gather
      { importer: @name, fetched_at: Time.now.utc.iso8601, count: bills.size, bills: bills.map(&:as_json) }
    end

    def checked(result)
      breaches = Schema.new.breaches(JSON.parse(JSON.generate(result)))
      raise ContractBroken, "the result breaks the schema: #{breaches.first(5).join(', ')}" if breaches.any?

      result
    end

    def fail_with(error)
      known = error.is_a?(Error)
      write("#{@name}.error.json", { importer: @name, error: known ? error.class::KIND : "crashed", **report(error) })
      warn "#{@name}: #{known ? error.class::KIND : 'crashed'}: #{error.message}"
      known ? error.class::EXIT : CRASHED
    end

    def report(error)
      where = place(error)
      {
        exception: error.class.name, message: error.message, step: error.respond_to?(:step) ? error.step : nil,
        selector: error.respond_to?(:selector) ? error.selector : nil, **where,
        backtrace: error.backtrace.to_a.first(20).map { |line| line.delete_prefix("#{ROOT}/") }
      }
    end

    # Where the gatherer stood: what the error says, else the first line of a gatherer in the backtrace.
    def place(error)
      return { file: error.file, line: error.line } if error.respond_to?(:file) && error.file

      found = error.backtrace_locations.to_a.find { |at| at.absolute_path.to_s.start_with?("#{ROOT}/lib/gatherers/") }
      { file: found&.absolute_path&.delete_prefix("#{ROOT}/"), line: found&.lineno }
    end

    def write(name, content)
      FileUtils.mkdir_p(@out)
      File.write(File.join(@out, name), JSON.pretty_generate(content))
    end
  end
end

# frozen_string_literal: true

require "fileutils"
require "json"

module Importers
  # Writes what a fetch saw: each page that came, and each lookup that the gatherer made in it.
  #
  # It stands alone. To adopt it in another repository: copy this file beside your base class, then
  #
  #   recorder = Importers::Recorder.new(importer: "acme", root: "/path/to/repository")
  #   recorder.attach(mechanize)                       # records every response but redirects
  #   recorder.belongs(page.parser)                    # after each page: later lookups find their step by document
  #   recorder.lookup("td.amount", kind: "css", found: nodes.size, part: row.document)
  #   recorder.write                                   # at the end
  #
  # Without a folder nothing is written; steps and lookups are known all the same.
  class Recorder
    # Where a lookup was made; `file` is relative to the repository.
    Lookup = Struct.new(:step, :selector, :kind, :many, :found, :file, :line, keyword_init: true) do
      def as_json
        to_h.except(:step)
      end

      def same?(other)
        [selector, kind, file, line] == [other.selector, other.kind, other.file, other.line]
      end
    end

    attr_reader :last

    # `importer` names the importer, `root` is the repository's folder, `folder` takes the trace.
    def initialize(importer:, root:, folder: ENV["FETCH_TRACE_DIR"])
      @importer = importer
      @root = File.join(File.expand_path(root), "")
      @folder = folder unless folder.to_s.empty?
      @steps = []
      @step_of = {}.compare_by_identity
      @last = nil
    end

    # Record every response that this Mechanize agent receives, redirects excepted.
    def attach(agent)
      agent.pre_connect_hooks << ->(_, request) { @verb = request.method }
      agent.post_connect_hooks << lambda do |_, uri, response, body|
        unless response.code.start_with?("3")
          step(method: @verb, url: uri.to_s, status: response.code.to_i, content_type: response["content-type"], body: body)
        end
      end
    end

    # Record one page. `body` is its bytes.
    def step(method:, url:, status:, content_type:, body:)
      number = @steps.size + 1
      name = format("%03d.body", number)
      @steps << { number: number, method: method, url: url, status: status, content_type: content_type.to_s, body: name, lookups: [] }
      save(name, body.to_s)
      write
    end

    # Number of the newest step.
    def current
      @steps.size
    end

    # Remember that `part` (a document, or a piece of JSON) came with a step.
    def belongs(part, step = current)
      @step_of[part] = step
    end

    # Number of the step with which `part` came; the newest step where that is not known.
    def step_of(part)
      @step_of.fetch(part, current)
    end

    # Record one lookup and where in the repository it was made. `part` is what was searched.
    #
    # A lookup that is repeated, once a row, is recorded once, with the fewest that it ever found.
    def lookup(selector, kind:, found:, many: false, part: nil)
      where = caller_locations.find { |location| ours?(location) }
      @last = Lookup.new(
        step: step_of(part), selector: selector, kind: kind, many: many, found: found,
        file: where&.absolute_path.to_s.delete_prefix(@root), line: where ? where.lineno : 1
      )
      keep(@last) if current.positive?
      @last
    end

    # Write the trace as it stands.
    def write
      steps = @steps.map { |step| step.merge(lookups: step[:lookups].map(&:as_json)) }
      save("trace.json", JSON.pretty_generate(version: 1, importer: @importer, steps: steps))
    end

    private

    # The gatherer's own line is the first one in the repository outside this folder.
    def ours?(location)
      path = location.absolute_path.to_s
      path.start_with?(@root) && !path.start_with?(File.join(__dir__, ""))
    end

    def keep(lookup)
      lookups = @steps.fetch(lookup.step - 1)[:lookups]
      known = lookups.find { |other| other.same?(lookup) }
      if known
        known.found = [known.found, lookup.found].min
      else
        lookups << lookup
      end
      write if lookup.found.zero?
    end

    # The old trace stays whole until the new one is.
    def save(name, content)
      return unless @folder

      FileUtils.mkdir_p(@folder)
      path = File.join(@folder, name)
      File.binwrite("#{path}.new", content)
      File.rename("#{path}.new", path)
    end
  end
end

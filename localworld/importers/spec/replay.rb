# frozen_string_literal: true

# Answers a gatherer with the pages of spec/fixtures/NAME, in the order in which they once came.
module Replay
  PORTAL = "http://portal.invalid"
  attr_reader :folder

  # What the importer gives for the recorded portal, as in NAME.json.
  def gather(name)
    answer_with(recorded(name))
    recorder = Importers::Recorder.new(importer: name, root: Importers::ROOT, folder: nil)
    gatherer = Importers.gatherer(name).new(
      name: name, portal: "#{PORTAL}/#{name}", username: "dana", password: "secret", out: folder, recorder: recorder
    )
    gatherer.gather.map(&:as_json)
  end

  def recorded(name)
    fixtures = File.join(__dir__, "fixtures", name)
    JSON.parse(File.read(File.join(fixtures, "trace.json")))["steps"].map do |step|
      step.merge("body" => File.binread(File.join(fixtures, step["body"])))
    end
  end

  # A form is answered by a redirect to the next page, as the portals do; any other request must be the next one.
  def answer_with(steps)
    steps = steps.dup
    WebMock.stub_request(:any, /portal\.invalid/).to_return do |request|
      expected = steps.first or raise "nothing more was recorded, asked for #{request.uri.path}"
      next { status: 303, headers: { "Location" => expected["url"] } } if request.method == :post

      asked = request.uri.omit(:port).to_s
      raise "recorded was #{expected['url']}, asked for #{asked}" unless asked == expected["url"]

      steps.shift
      { status: expected["status"], body: expected["body"], headers: { "Content-Type" => expected["content_type"] } }
    end
  end
end

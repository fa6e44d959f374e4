# frozen_string_literal: true

RSpec.describe Importers::Recorder do
  let(:recorder) { described_class.new(importer: "sample", root: Importers::ROOT, folder: folder) }
  let(:trace) { JSON.parse(File.read(File.join(folder, "trace.json"))) }

  def step
    recorder.step(method: "GET", url: "http://portal.invalid/", status: 200, content_type: "text/html", body: "<p>x</p>")
  end

  it "writes each page as it came, at once" do
    step

    expect(File.binread(File.join(folder, "001.body"))).to eq "<p>x</p>"
    expect(trace).to include("version" => 1, "importer" => "sample")
    expect(trace["steps"].first).to include("number" => 1, "status" => 200, "body" => "001.body", "lookups" => [])
  end

  it "writes a lookup that found nothing before anything else can happen" do
    step
    recorder.lookup("td.amount", kind: "css", found: 0)

    expect(trace["steps"].first["lookups"]).to match [
      { "selector" => "td.amount", "kind" => "css", "many" => false, "found" => 0,
        "file" => "spec/importers/recorder_spec.rb", "line" => a_kind_of(Integer) }
    ]
  end

  it "records a lookup of each row once, with the fewest that it found" do
    step
    [1, 0, 1].each { |found| recorder.lookup("td.amount", kind: "css", found: found) }

    expect(trace["steps"].first["lookups"].map { |lookup| lookup["found"] }).to eq [0]
  end

  it "gives a lookup to the page in which it was made" do
    document = Object.new
    step
    recorder.belongs(document)
    step
    recorder.lookup("td.amount", kind: "css", found: 1, part: document)
    recorder.write

    expect(trace["steps"].map { |one| one["lookups"].size }).to eq [1, 0]
  end

  it "records what an agent receives, and no redirect" do
    stub_request(:post, "http://portal.invalid/login").to_return(status: 303, headers: { "Location" => "/home" })
    stub_request(:get, "http://portal.invalid/home").to_return(body: "<p>home</p>", headers: { "Content-Type" => "text/html" })
    agent = Mechanize.new
    recorder.attach(agent)
    agent.post("http://portal.invalid/login", "user" => "dana")

    expect(trace["steps"].map { |one| one.values_at("method", "url") }).to eq [["GET", "http://portal.invalid/home"]]
  end

  it "writes nothing without a folder" do
    silent = described_class.new(importer: "sample", root: Importers::ROOT, folder: "")
    silent.step(method: "GET", url: "http://portal.invalid/", status: 200, content_type: "text/html", body: "x")

    expect(silent.current).to eq 1
    expect(Dir.children(folder)).to be_empty
  end
end
